import nbformat
import pytest

from nst_utils import functions_from


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A function that writes a notebook from code cells into the current folder and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(*cells, name="03_lesson.ipynb"):
        nodes = [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# words"), *nodes]), name)
        return name

    return write


def test_a_function_comes_with_its_imports_constants_and_helpers(notebook):
    name = notebook(
        "import math\nfrom math import sqrt as root",
        "FACTOR = 3\nUNUSED = 1 / 0",
        "def helper(x):\n    return root(x) * FACTOR",
        "def area(r, factor=FACTOR):\n    return math.pi * helper(r) * factor",
    )
    assert functions_from(name, "area")(4) == pytest.approx(3.141592653589793 * 6 * 3)


def test_several_names_come_in_the_order_asked(notebook):
    name = notebook("def a():\n    return 1", "def b():\n    return 2")
    b, a = functions_from(name, "b", "a")
    assert (a(), b()) == (1, 2)


def test_nothing_else_of_the_notebook_runs(notebook, tmp_path):
    name = notebook(
        "open('trace', 'w')", "print('hello')\nx = open('trace', 'w')", "def f():\n    return 1\nopen('trace', 'w')"
    )
    assert functions_from(name, "f")() == 1
    assert not (tmp_path / "trace").exists()


def test_a_variable_of_the_functions_own_is_not_mistaken_for_a_constant(notebook):
    name = notebook("def f(x, N=2):\n    J = x * N\n    return [J + K for K in (1, 2)]", "J = K = 1 / 0", "N = 1 / 0")
    assert functions_from(name, "f")(3) == [7, 8]


def test_a_default_value_is_taken_from_the_constant_of_the_same_name(notebook):
    name = notebook("N = 2", "def f(x, N=N):\n    return x * N")
    assert functions_from(name, "f")(3) == 6


def test_what_the_notebook_takes_from_its_neighbours_comes_along(notebook, tmp_path, monkeypatch):
    notebook("WEIGHT = 5", "def f(x):\n    return WEIGHT * x", "def g(x):\n    return x + 1", name="02_before.ipynb")
    name = notebook(
        "from nst_utils import functions_from",
        'f, g = functions_from("02_before.ipynb", "f", "g")',
        'WEIGHT = functions_from("02_before.ipynb", "WEIGHT")',
        "def h(x):\n    return f(g(x)) + WEIGHT",
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert functions_from(tmp_path / name, "h")(2) == 5 * 3 + 5


def test_an_unfinished_exercise_of_a_neighbour_is_named(notebook):
    notebook('def f(x):\n    """Words."""\n    raise NotImplementedError()', name="02_before.ipynb")
    name = notebook('f = functions_from("02_before.ipynb", "f")', "def h(x):\n    return f(x)")
    with pytest.raises(NotImplementedError, match="02_before.ipynb: the exercise f is not finished"):
        functions_from(name, "h")


def test_magics_and_shell_lines_are_passed_over(notebook):
    name = notebook("%matplotlib inline\n!ls\ndef f():\n    return 1")
    assert functions_from(name, "f")() == 1


def test_the_last_definition_counts_as_when_the_notebook_runs(notebook):
    name = notebook("def f():\n    return 'first'", "def f():\n    return 'second'")
    assert functions_from(name, "f")() == "second"


@pytest.mark.parametrize(
    "body",
    [
        "    raise NotImplementedError()",
        '    """Docs."""\n    # YOUR CODE HERE\n    raise NotImplementedError("exercise 2")',
        "    x = 1\n    raise NotImplementedError",
        '    """Only the docstring is left."""',
        "    pass",
        "    ...",
    ],
)
def test_an_unfinished_exercise_names_notebook_and_exercise(notebook, body):
    name = notebook(f"def gram_matrix(A):\n{body}", "def cost(A):\n    return gram_matrix(A)")
    for wanted in ("gram_matrix", "cost"):  # also when only a function that uses it is asked for
        with pytest.raises(NotImplementedError, match="03_lesson.ipynb: the exercise gram_matrix is not finished"):
            functions_from(name, wanted)


def test_a_solution_written_above_the_blank_is_finished(notebook):
    name = notebook("def f():\n    return 5\n    raise NotImplementedError()")
    assert functions_from(name, "f")() == 5


def test_a_missing_function_or_notebook_is_named(notebook):
    name = notebook("def f():\n    return 1")
    with pytest.raises(LookupError, match="03_lesson.ipynb: defines no function g"):
        functions_from(name, "g")
    with pytest.raises(FileNotFoundError, match="99.ipynb: no such notebook"):
        functions_from("99.ipynb", "f")


@pytest.mark.parametrize("text", ["", "<<<<<<< HEAD", "{}"])
def test_a_damaged_notebook_is_named(tmp_path, text):
    (tmp_path / "02_lesson.ipynb").write_text(text)
    with pytest.raises(ValueError, match="02_lesson.ipynb: damaged, not a notebook any more"):
        functions_from(tmp_path / "02_lesson.ipynb", "f")


def test_a_syntax_error_is_reported_with_its_cell_only_if_it_matters(notebook):
    name = notebook("def f(:\n    return 1", "def g():\n    return 2")
    assert functions_from(name, "g")() == 2
    with pytest.raises(LookupError, match=r"no function f \(cell 2 has a syntax error: .*, line 1\)"):
        functions_from(name, "f")


def test_an_error_inside_shows_the_learners_line(notebook):
    import traceback

    name = notebook("def f():\n    return [][7]  # my own line")
    with pytest.raises(IndexError) as caught:
        functions_from(name, "f")()
    assert "my own line" in "".join(traceback.format_exception(caught.value))


def test_the_functions_compile_into_a_tensorflow_graph(notebook, recwarn):
    import tensorflow as tf

    function = "def f(x):\n    if tf.reduce_sum(x) > 0:\n        return x\n    return -x"
    name = notebook("import tensorflow as tf", function)
    assert tf.function(functions_from(name, "f"))(tf.constant([-2.0])).numpy() == [2]
    assert not recwarn.list


def test_plain_values_lambdas_and_classes_come_too_but_nothing_that_runs(notebook):
    name = notebook(
        "half = 0.5\nsquare = lambda x: x * x\nslow = 1 / 0",
        "class Scale:\n    factor = half",
        "def f(x):\n    return square(x) * Scale.factor",
    )
    assert functions_from(name, "f")(4) == 8
