import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from grading.sandboxed.functions import as_function
from nst.cells import definition_in, parse_cell
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


def test_a_notebook_that_was_read_before_says_the_same_and_a_changed_one_the_new(notebook):
    cells = [
        "x = input()\nN = x",
        "if True:\n    print(1)\n    FACTOR = 2",
        "def f():\n    return FACTOR\ndef g(): return N",
    ]
    for _ in range(2):
        f, g = functions_from(notebook(*cells), "f", "g")
        assert f() == 2
        with pytest.raises(NameError, match="a line that is not taken along, cell 2: N = x"):
            g()
    cells[1] = cells[1].replace("2", "3")
    assert functions_from(notebook(*cells), "f")() == 3


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


# ---------------------------------------------------------------- names that come along, and names that do not

USES = "def f(x):\n    return q"


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (["q: float = 0.25"], 0.25),
        (["parts = len([1, 2, 3, 4])", "q = 1 / parts"], 0.25),
        (["w = [0.2] * 5", "q = sum(w) / len(w) ** 2"], 0.04),
        (["n = 4\nq = [1 / n] * n"], [0.25] * 4),
        (["a, *q = 1, 2, 3"], [2, 3]),
        (["q = {name: 1 / 2 for name in ('a', 'b')}"], {"a": 0.5, "b": 0.5}),
        (["q = 1", "q += 2"], 3),
        (["q = [1]", "q.append(2)\nq[0] = 5"], [5, 2]),
        (["q = []", "for i in range(3):\n    print(i)\n    q.append(i)"], [0, 1, 2]),
        (["from math import *", "q = sqrt(pi * 0 + 16)"], 4),
        (["import math as m", "root = m.sqrt", "q = root(16)"], 4),
        (["if True:\n    q = 1\nelse:\n    q = 2"], 1),
        (["q = 1", "if __name__ == '__main__':\n    q = 2"], 2),
        (["try:\n    import no_such_module as q\nexcept ImportError:\n    print('no')\n    q = None"], None),
        (["import contextlib", "q = 3", "with contextlib.suppress(ImportError):\n    import no_such_module as q"], 3),
        (["q = 1", "q = slow()"], 1),
    ],
)
def test_a_simple_constant_comes_along(notebook, value, cells):
    found = functions_from(notebook(*cells, USES), "f")(1)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    "line",
    [
        "q = open('trace', 'w')",
        "q = slow()",
        "q = 9 ** 9 ** 9",
        "q = [0] * 10 ** 9",
        "q = list(range(10 ** 9))",
        "n = 10 ** 9\nq = [0] * n",
        "q = [open('trace', 'w') for i in range(3)]",
        "q = sorted([1, 2], key=slow)",
        "with open('trace', 'w') as file:\n    q = 3",
        "if open('trace', 'w'):\n    q = 3",
        "while True:\n    q = 3",
        "q = !touch trace",
        "q = %timeit -o slow()",
        "q = []\nfor i in range(3):\n    q.append(slow())",
        "slowly = slow()\nq = slowly / 2",
    ],
)
def test_what_takes_long_or_has_effects_stays_behind_and_the_error_says_so(notebook, tmp_path, line):
    name = notebook("def slow():\n    open('trace', 'w')\n    while True: pass", line, USES)
    with pytest.raises(
        NameError, match=r"name 'q' is not defined: in 03_lesson.ipynb .* that is not taken along, cell 3"
    ):
        functions_from(name, "f")(1)
    assert not (tmp_path / "trace").exists()


def test_a_constant_made_by_a_shell_line_is_not_made(notebook, tmp_path):
    name = notebook(
        "FILES = !touch trace", "import os\nos.environ['NST_TRACE'] = '1'", "def f():\n    return FILES, os"
    )
    with pytest.raises(NameError, match="'FILES' is not defined: .* not taken along"):
        functions_from(name, "f")()
    import os

    assert "NST_TRACE" not in os.environ


def test_what_ipython_gives_every_notebook_is_there(notebook, capsys):
    functions_from(notebook("def f(x):\n    display(x, clear=True)\n    return x"), "f")(7)
    assert capsys.readouterr().out == "7\n"


def test_a_name_that_is_given_is_not_missed(notebook):
    name = notebook("q = slow()", USES)
    function = functions_from(name, "f", given=["q"])
    function.__globals__["q"] = 5
    assert function(1) == 5


def test_one_import_of_several_is_taken_and_a_module_keeps_its_parts(notebook):
    name = notebook(
        "import math as m, no_such_module", "from math import pi, no_such_name", "import xml.dom, xml.sax",
        "def f():\n    return m.floor(pi), xml.dom.__name__, xml.sax.__name__",
    )  # fmt: skip
    assert functions_from(name, "f")() == (3, "xml.dom", "xml.sax")


@pytest.mark.parametrize(
    "cells",
    [
        ["if True:\n    def f(x):\n        return x + 1"],
        ["try:\n    def f(x):\n        return x + 1\nfinally:\n    open('trace', 'w')"],
        ["def g(x):\n    return x + 1", "f = g"],
        ["class G:\n    @staticmethod\n    def g(x):\n        return x + ONE", "ONE = 1", "f = G.g"],
        ["def f(x):\n    return x + 1", "f = f"],
        ["def f(x):\n    return x + 1", "f = timed(f)"],
        ["x = 1\ndef g(y, x=x):\n    return y + x\nx = 5", "f = lambda y: g(y)"],
    ],
)
def test_a_function_is_found_under_if_and_try_and_by_another_name(notebook, tmp_path, cells):
    assert functions_from(notebook(*cells), "f")(2) == 3
    assert not (tmp_path / "trace").exists()


def test_a_function_that_only_a_call_could_make_is_refused_with_the_reason(notebook):
    name = notebook("def make():\n    open('trace', 'w')\n    return lambda: 1", "f = make()")
    with pytest.raises(
        LookupError, match=r"defines no function f that can be taken along \(only cell 3: f = make\(\)\)"
    ):
        functions_from(name, "f")


def test_a_compiled_helper_comes_along(notebook):
    import tensorflow as tf

    name = notebook(
        "import tensorflow as tf, cv2", "square = tf.function(lambda x: x * x)", "def f(x):\n    return square(x)"
    )
    assert functions_from(name, "f")(tf.constant(3.0)).numpy() == 9


CLASS_D = "class D:\n    def __init__(self, f):\n        self.f = f\n"


@pytest.mark.parametrize(
    "cells",
    [
        [f"{CLASS_D}    def __call__(self, x):\n        return self.f(x)", "@D\ndef f(x):\n    return x + q"],
        ["class D:\n    @staticmethod\n    def g(x):\n        return x + q", "f = staticmethod(D.g)"],
        ["from functools import partial", "def g(x, y):\n    return x + y - 2 + q", "f = partial(g, y=2)"],
        [f"{CLASS_D}    def g(self, x):\n        return x + q", "f = lambda x: D(0).g(x)"],
    ],
)
def test_what_a_decorator_made_becomes_a_plain_function_in_the_notebooks_namespace(notebook, cells):
    function = as_function(functions_from(notebook("q = 1", *cells), "f"))
    assert function(2) == 3 and function.__code__ and function.__name__ in ("f", "g", "<lambda>")
    function.__globals__["q"] = 5
    assert function(2) == 7


def test_what_is_no_function_is_none():
    assert [as_function(thing) for thing in (3, None, int, len, object())] == [None] * 5


WAYS = {  # each f(2.0) is 0.5, as in the learner's own kernel, where all cells are run
    "annotated": ["QUARTER: float = 0.25", "def f(x):\n    return x * QUARTER"],
    "lower case": ["quarter = 0.25", "def f(x):\n    return x * quarter"],
    "repeated": ["w = [0.25] * 5", "def f(x):\n    return x * w[4]"],
    "all of a module": ["from math import *", "def f(x):\n    return sqrt(x / 8)"],
    "if": ["if 1 > 2:\n    f = None\nelse:\n    def f(x):\n        return x / 4"],
    "try": ["try:\n    import no_such\nexcept ImportError:\n    pass\nelse:\n    x = 1\ntry:\n    def f(x):\n"
            "        return x / 4\nexcept NameError:\n    pass"],
    "loop": ["w = []\nfor i in range(3):\n    w.append(i / 4)", "def f(x):\n    return x * w[1]"],
    "with": ["import tensorflow as tf\nwith tf.device('/CPU:0'):\n    q = 0.25", "def f(x):\n    return x * q"],
    "unpacked": ["(a, b), *c = (1, 4), 3", "def f(x):\n    return x * a / b"],
    "augmented": ["q = 1", "q /= 4", "def f(x):\n    return x * q"],
    "comprehension": ["w = {n: n / 4 for n in range(3)}", "def f(x):\n    return x * w[1]"],
    "computed": ["n = 2", "q = 1 / n ** 2", "def f(x):\n    return x * q"],
    "class": ["class C:\n    def __init__(self, q):\n        self.q = q\n    def of(s, x):\n        return x * s.q",
              "c = C(0.25)", "def f(x):\n    return c.of(x)"],
    "dataclass": ["from dataclasses import dataclass\n@dataclass\nclass C:\n    q: float = 0.5", "c = C(q=0.25)",
                  "def f(x):\n    return x * c.q"],
    "namedtuple": ["from collections import namedtuple\nC = namedtuple('C', 'q')", "c = C(0.25)",
                   "def f(x):\n    return x * c.q"],
    "lambda": ["g = lambda x: x / 4", "def f(x):\n    return g(x)"],
    "later cell": ["def f(x):\n    return g(x)", "def g(x):\n    return x / 4"],
    "partial": ["from functools import partial\ng = partial(lambda y, x: x / y, 4)", "def f(x):\n    return g(x)"],
    "factory": ["def make(n):\n    def inner(x):\n        return x / n\n    return inner", "f = make(4)"],
    "factory of a helper": ["def make(n=4):\n    q = 1 / n\n    return lambda x: x * q", "g = make()",
                            "def f(x):\n    return g(x)"],
    "function called for a constant": ["def weight(n):\n    if n:\n        return 1 / n\n    return 0", "q = weight(4)",
                                       "def f(x):\n    return x * q"],
    "answer is a lambda": ["f = lambda x: x / 4"],
    "annotated lambda": ["from typing import Callable\nf: Callable = lambda x: x / 4"],
    "answer is compiled": ["import tensorflow as tf", "def other(x):\n    return x / 4", "f = tf.function(other)"],
    "help": ["?print\ndef f(x):\n    return x / 4\nf?"],
    "time": ["%%time\ndef f(x):\n    return x / 4"],
    "global": ["q = 0", "def f(x):\n    global q\n    q = 0.25\n    return x * q"],
    "for makes it": ["for q in (1, 0.5, 0.25):\n    print(q)", "def f(x):\n    return x * q"],
    "with makes it": ["import contextlib\nwith contextlib.nullcontext(0.25) as q:\n    print(q)",
                      "def f(x):\n    return x * q"],
    "walrus": ["print(q := 0.25)", "def f(x):\n    return x * q"],
    "walrus in if": ["if (q := 0.25) < 3:\n    print(q)", "def f(x):\n    return x * q"],
}  # fmt: skip


@pytest.mark.parametrize("cells", WAYS.values(), ids=WAYS)
def test_what_passes_its_check_in_the_kernel_is_found_in_the_file(notebook, cells):
    function = as_function(functions_from(notebook(*cells), "f"))
    assert float(function(2.0)) == 0.5
    assert any(definition_in(cell, "f") for cell in cells)


@pytest.mark.parametrize(
    "cell",
    [
        "def q(n):\n    return q(n - 1) + q(n - 1)",
        "n = 4\ndef q(n):\n    return [0] * n",
        "def q(n):\n    while True:\n        n += 1",
        "import tensorflow as tf\ndef q(tf):\n    return tf.sqrt(4)",
        "class q:\n    def __init__(self, n):\n        open('trace', 'w')",
    ],
)
def test_a_function_that_may_take_long_is_not_called_for_a_constant(notebook, cell):
    with pytest.raises(NameError, match="'r' is not defined: .* not taken along"):
        functions_from(notebook(cell, "r = q(10 ** 9)", "def f():\n    return r"), "f")()


# ---------------------------------------------------------------- a cell as IPython reads it


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\n!ls\nq = 3",
        "!ls \\\n  -l\n%time \\\n  print(1)\nq = 3",
        "if True:\n    %time print(1)\n    !ls\nq = 3",
        "files = !ls\nt = %timeit -o 1 + 1\nprint?\n?print\nprint??\nq = 3",
        "%%time\nq = 3",
        "\n\n%%capture out\n%matplotlib inline\nq = 3",
        "  q = 3\n  !ls",
        ">>> q = 3",
        "q = 13 \\\n  % 10\ntext = '''\n%%bash\n!ls\n'''",
        "q = (13\n% 10)",
        "q = not 3 \\\n!= 3\nq = 3",
    ],
)
def test_a_cell_is_read_as_ipython_reads_it(notebook, source):
    assert functions_from(notebook("q = 1", source, "%%bash\necho (", "%%html\n<b>", USES), "f")(1) == 3
    assert parse_cell(source)


@pytest.mark.parametrize("magic", ["%%writefile f.py", "%%bash", "%%html", "%%timeit", "%%python"])
def test_what_another_program_gets_does_not_count(notebook, magic):
    source = f"{magic}\ndef f():\n    return 'wrong'"
    assert functions_from(notebook("def f():\n    return 'right'", source), "f")() == "right"
    assert definition_in(source, "f") is None


def test_text_that_ipython_cannot_read_either_takes_nothing_with_it(notebook):
    broken = ["%time (\n", "x = 1\0", "(" * 5000, "x = " + "+".join("1" * 5000), "!ls\n" * 3000 + "x = (", "\\"]
    assert functions_from(notebook(*broken, "def f():\n    return 1"), "f")() == 1
    assert all(definition_in(source + "f", "f") is None for source in broken)


@pytest.mark.parametrize("hostile", ["a" * 30_000 + "!?", "a." * 15_000 + "!?", "x = " + "*" * 30_000 + "a ?"])
def test_ipython_reads_no_very_long_word(hostile, monkeypatch):
    """It takes the square of its length."""
    read, whole = [], TransformerManager.transform_cell
    monkeypatch.setattr(TransformerManager, "transform_cell", lambda it, text: read.append(text) or whole(it, text))
    with pytest.raises(SyntaxError):
        parse_cell(hostile)
    assert len(hostile) > 20_000 and [len(text) < 100 for text in read] == [True]


def test_a_picture_as_text_beside_a_magic_stays_whole():
    picture = "iVBORw0KGgo" * 10_000
    tree, text = parse_cell(f"%matplotlib inline\nimport this\nthis?\ndata = '{picture}'\nwhere = !ls {picture}")
    assert tree.body[-2].value.value == picture and text.count(picture) == 2
    assert text.splitlines()[0] == "get_ipython().run_line_magic('matplotlib', 'inline')"
    assert text.splitlines()[2] == "get_ipython().run_line_magic('pinfo', 'this')"
    tree, text = parse_cell(f"%%writefile x.txt\n{picture}?")
    assert tree.body[0].value.args[2].value == f"{picture}?\n"
