"""The pages that learners get back: safe to open, complete without a network, and always written."""

import html
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime

import nbformat
import pytest
from chromium import CHROMIUM, needs_chromium
from classroom import submit
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbgrader.converters import GenerateFeedback
from playwright.sync_api import sync_playwright
from traitlets.config import Config

from grading import feedback, nbgrader_plugin
from grading.course import Course, Submission
from grading.exercises import EXERCISES
from grading.feedback import Pages, has_pages
from grading.gradebook import is_recorded, nbgrader_errors, record, release, remembered
from grading.judge import Result, failed
from grading.latex import stays_in_place
from grading.page import (
    CELL,
    LINE,
    FeedbackExporter,
    _Looker,
    is_harmless,
    mark_headings,
    may_be_read_otherwise,
    safe,
    shorten,
    without_markup,
)
from grading.submission import repair
from nst.paths import ROOT

TEXT = r"""
A formula, $J = \frac{1}{4 n_C} \sum_i (a_i - b_i)^2$, and one in a line of its own:

$$G_{ij} = \sum_k A_{ik} A_{jk}$$

[a link](https://example.org/page) [a program](javascript:alert(1)) [data](data:text/html;base64,PHNjcmlwdD4=)

![remote](https://example.org/spy.png) ![here](data:image/png;base64,iVBORw0KGgo=)

<img src=x onerror=alert(1)><iframe src="https://example.org"></iframe><svg onload=alert(2)></svg>

`$not_a_formula$` costs 5 $ or 6 $.
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which a hostile hand-in and an ordinary one are recorded, without having been evaluated."""
    root = tmp_path_factory.mktemp("class")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")

    def edit(stem, notebook):
        if stem == "02_content_cost":
            notebook.cells.append(nbformat.v4.new_code_cell("x = " + "a." * 50_000 + "b"))
            notebook.cells.append(nbformat.v4.new_markdown_cell(TEXT))
            notebook.cells.append(nbformat.v4.new_markdown_cell("*" * 100_000 + "[" * 100_000))

    submit(root, "ada")
    submit(root, "hostile", edit=edit)
    made = Course(root)
    release(made)
    with nbgrader_errors():
        for student in ("ada", "hostile"):
            record(made, Submission(made, student), {name: failed(name, "a hint") for name in EXERCISES})
    return made


@pytest.fixture(scope="module")
def pages(course):
    """{student: {stem: page}}, rendered as `make grade` does."""
    begin = time.monotonic()
    with Pages(course, 2) as writing:
        futures = [writing.write(Submission(course, student)) for student in ("ada", "hostile")]
    for future in futures:
        future.result()
    assert time.monotonic() - begin < feedback.SECONDS
    made = {}
    for path in (course.root / "feedback").glob("*/notebooks/*.html"):
        made.setdefault(path.parts[-3], {})[path.stem] = path.read_text()
    return made


@pytest.mark.slow
def test_long_cells_are_cut_and_the_page_says_so(pages, course):
    page = pages["hostile"]["02_content_cost"]
    assert "a." * (LINE // 2 - 10) not in page.replace("</span>", "").replace("<span>", "")
    assert "cut here, of 100005 characters" in re.sub("<[^>]*>", "", page)
    assert "they were evaluated whole" in page and "cut here" not in pages["ada"]["02_content_cost"]
    assert "a." * 50_000 in Submission(course, "hostile").texts["02_content_cost"]
    assert "a hint" in page and "Score: 0.0 / 5.0" in page


def test_what_is_shown_has_limits_for_lines_cells_and_notebooks():
    cells = ["x" * LINE, "x" * (LINE + 1), "y\n" * CELL] + ["z" * 400 + "\n"] * 2000
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    assert shorten(notebook)
    assert notebook.cells[0].source == "x" * LINE
    assert notebook.cells[1].source.startswith("x" * LINE + " ...") and len(notebook.cells[2].source) < CELL + 100
    assert sum(len(cell.source) for cell in notebook.cells) < 500_000
    assert not shorten(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")]))


def test_a_text_that_is_cut_is_shown_as_typed():
    """Without its last backtick, what stood in a code span would be a link."""
    text = "`[a](javascript:alert(1)) ![b](https://example.org/b.png) " + "y " * 400 + "`"
    code = [nbformat.v4.new_code_cell("z = 1\n" * 4_999) for _ in range(10)]
    notebook = nbformat.v4.new_notebook(cells=[*code, nbformat.v4.new_markdown_cell(text)])
    assert shorten(notebook) and "javascript" in notebook.cells[-1].source
    page = MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(notebook.cells[-1].source)
    assert is_harmless(page) and "<a " not in page and "<img" not in page
    alone = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    assert not shorten(alone) and alone.cells[0].source == text


def test_text_is_sanitised():
    page = safe(
        '<p onclick="x()">a <a href="javascript:alert(1)">b</a> <a href="https://c.org">c</a></p><script>d</script>'
    )
    assert "onclick" not in page and "javascript" not in page and "script" not in page and ">d" not in page
    assert 'href="https://c.org"' in page
    sources = "https://a.org/b.png", "data:image/png;base64,AA==", "data:image/svg+xml;base64,A"
    page = safe("".join(f'<img src="{source}">' for source in sources))
    assert page.count("src=") == 1 and "data:image/png" in page
    for place in (" DATA:text/html,x", "/files/x.html", "//a.org", "java\tscript:x"):
        assert "href" not in safe(f'<a href="{place}">a</a>')


def test_formulas_become_mathml_outside_of_code():
    page = safe("<p>so $a_i^2$ and</p><p>$$\\frac{1}{2}$$</p><pre><code>$b$</code></pre><p>5 $ or 6 $</p>")
    assert page.count("<math") == 2 and 'display="block"' in page and "<mfrac>" in page and "<code>$b$</code>" in page
    assert "5 $ or 6 $" in page
    assert "<math" not in safe("<p>$<b>x</b>$</p>")
    assert safe('<h2 id="of-$A$">$A$</h2>').startswith('<h2 id="of-$A$"><math')
    assert "<mo>∑</mo>" in safe(r"$\sum x$") and "arg\u2009max" in safe(r"$\argmax x$")
    assert "<mi>a</mi><mo>&lt;</mo><mi>b</mi>" in safe("$a &lt; b$")
    assert 'columnalign="right"' in safe(r"$\begin{align} a &amp;= b \end{align}$")


def put_in_order(source):
    """What of a learner's text cell comes before the instructor."""
    released = nbformat.read(ROOT / "exercises" / "02_content_cost.ipynb", as_version=4)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])
    cells = repair(notebook, released)[0].cells
    return next(cell.source for cell in cells if "test" in cell.source or "hub" in cell.source)


@pytest.mark.parametrize(
    "source",
    [
        "$$\n\n![a](http://evil.test/x.png)\n\n$$",
        "$$\r\n\r\n![a](http://evil.test/x.png)\r\n\r\n$$",
        "$$\n\n[a](/hub/logout)\n\n$$",
        "\\begin{align}\n\n![a](\thttp://evil.test/x.png)\n\n\\end{align}",
        "![a][b]\n\n\\begin{align}\n\n[b]: http://evil.test/x.png\n\n\\end{align}",
        "\\\\[ a\n\n![a]( <http://evil.test/x.png>)\n\n\\\\]",
        "* ```\n![a](http://evil.test/x.png)",
        "* ```\n$\\style{cursor:url(http://evil.test/x.png),auto}{x}$",
        "* ```\n&#36;\\href{/hub/logout}{x}&#36;",
        '```mermaid\nflowchart TD\nA@{ img: "http://evil.test/x.png", label: "x", pos: "t", w: 60, h: 60 }\n```',
        "A \\begin{align} $\\\\style{cursor:url(/hub/logout),auto}{\\\\text{x}}$ a",
        "|a|b|\n|-|-|\n|`|`|\n\n$\\\\href{/hub/logout}{x}$",
        "~~~merm&#97;id\nflowchart TD\nA@{ img: 'http://evil.test/x.png' }\n~~~",
        "$a `$` ![a](http://evil.test/x.png) `$` ",
        "$$\n\n![a [b](#c) d](http://evil.test/x.png)\n\n$$",
        "$$\n\n![![b](attachment:picture-1)](http://evil.test/x.png)\n\n$$",
    ],
)
def test_what_jupyterlab_reads_otherwise_is_shown_as_typed(source):
    """JupyterLab's Markdown is not nbconvert's: it fetched a picture that stood in a formula, or in a list's code."""
    shown = put_in_order(source)
    assert shown and all(line.startswith("    ") or not line for line in shown.splitlines())


@pytest.mark.parametrize(
    "source",
    [
        '[x](https://a.org/$"style="background:url(/hub/logout)"x="$)',
        '![x *@*@0@@](attachment:a.png) \\\\("style="background:url(/hub/logout)"x="\\\\)',
        '[x](https://a.org/ "&#36;"style="background:url(/hub/logout)"x="$")',
        '```py$"style="background:url(/hub/logout)"x="$\nprint(1)\n```',
    ],
)
def test_no_formula_ends_an_attribute(source):
    """JupyterLab puts it into the finished HTML as it was typed, with its quotation marks."""
    assert '"' not in put_in_order(source)
    assert without_markup('the "Gram" matrix <b>') == 'the "Gram" matrix &lt;b>'


def test_a_note_holds_no_formula():
    """MathJax reads what the page shows: a file's name that was one was set by it, entities or not."""
    shown = nbgrader_plugin._as_text(r"found as $\rlap{\text{5 of 5}}$ \(x\) <b> [a](b).zip")
    page = MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(f"- {shown}\n")
    words = html.unescape(re.sub("<[^>]*>", "", page))
    assert "$" not in words and "\\" not in words and "5 of 5" in words and "<b> [a](b).zip" in words
    assert is_harmless(page)


@pytest.mark.parametrize(
    "source",
    [
        "$$ a\n\n![foo\\](attachment:picture-1) bar](http://127.0.0.1:8999/fetched.png)\n\n$$",
        "$$ a\n\n![foo\\](attachment:picture-1) bar][r]\n\n$$\n\n[r]: http://127.0.0.1:8999/fetched.png",
        "![a\nb](attachment:picture-1)",
        "![foo](a picture that is not in the file)\n\n[foo]: http://127.0.0.1:8999/fetched.png",
        *(
            template.format(address)
            for template in ("[graph]({})", "see {} there", "[graph][r]\n\n[r]: {}")
            for address in (
                "http://[/../../submitted/eve/raw.ipynb",
                "https://x%3E/../../points.csv",
                "https://x>/../../points.csv",
                "https://x:99999/../../points.csv",
                "https://x]/../../points.csv",
                "https://1.2.3.999/../../points.csv",
                "https://xn--/../../points.csv",
                "https://me@a.org/",
                "https://",
            )
        ),
        "see www.x:99999/../../points.csv",
        "[x](#&Tab;/../../../../submitted/eve/raw.ipynb)",
        "[x](#/../points.csv&NewLine;)",
        "see http://a.b\x85/../../points.csv there",
        "$$ a\n\n[x](foo.ipynb\x85/../points.csv)\n\n$$",
        "$$ a\n\n[x](\x85https://a.org/../points.csv)\n\n$$",
        "1www.x%3E/../../points.csv",
        "\u00e9http://x%3E/../../points.csv",
        "_http://x%3E/../../points.csv",
        "$$ a\n\n[x](&lt;https://x/../points.csv)\n\n$$",
        "$$ a\n\n[x](&Tab;https://x/../points.csv)\n\n$$",
        "$$ a\n\n[x](&nbsp;https://x/../points.csv)\n\n$$",
        "$$ a\n\n[x]\n\n[x]: &Tab;https://x/../points.csv\n\n$$",
        "$$ a\n\n[x](foo.ipynb&rpar;/../points.csv)\n\n$$",
        "$$ a\n\n[x](foo.ipynb&#32;/../points.csv)\n\n$$",
        "www.a![x](attachment:picture-1)/../points.csv",
        "https://a.org![x](attachment:picture-1)/../points.csv",
        "[y](https://a.org![x](attachment:picture-1)/../points.csv)",
        "[see https://x%3E/../points.csv](https://a.org/)",
        "[a\\](https://a.org/b)",
        "!\\[a](https://a.org/b)",
        "[a][b](https://a.org/b)",
        "[a](https://a.org/b 'ti(t)le')",
        *(
            template.format(inside)
            for template in ("![x{}](attachment:picture-1)", "[x{}](https://a.org/)")
            for inside in (
                "\r\r~~~mermaid\rgraph TD\r~~~\r\r",
                "\r\rhttps://x",
                " | www.x%3E/../../points.csv ",
                " | www.x ",
                " ftp://x%3E/../../points.csv",
                " | ",
            )
        ),
        "a\x0bb",
        "see ftp://a.org/b",
    ],
)
def test_what_jupyterlab_may_fetch_or_take_for_a_file_of_its_own_is_shown_as_typed(source):
    assert may_be_read_otherwise(source)


def test_a_note_holds_no_link():
    """JupyterLab makes one of a file's name, too, and takes it for one of the instructor's own files."""
    for name in ("www.x%3E/../../a.ipynb", "WWW.x", "https://x%3E/../../a.ipynb", "ftp://x"):
        shown = html.unescape(nbgrader_plugin._as_text(f"there is also {name} in more.zip"))
        assert "://" not in shown and "www." not in shown.lower()
        assert shown.replace("\N{ZERO WIDTH SPACE}", "") == f"there is also {name} in more.zip"
        said = nbgrader_plugin.outputs(Result("gram_matrix", {}, hint=f"found as {name}"))[0].text
        assert "found as " in said and "://" not in said and "www." not in said.lower()


def test_texts_of_what_is_nearly_an_address_are_read_at_once():
    """Quadratic, one took 6 s, and ten such cells a minute of everybody's; in a child, since the time has a limit."""
    program = """if True:
        from grading.page import may_be_read_otherwise
        for piece in ("https://a.org/" + "." * 29_900, "(http://", "[a](http://", "[a](http://a.o/", "a-", "a.", "[a"):
            may_be_read_otherwise((piece * 30_000)[:30_000] + chr(92))"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=12, cwd=ROOT)


def test_ordinary_text_is_not_shown_as_typed():
    for source in (
        "## My notes\n\nSee [02](02_content_cost.ipynb), [G](https://arxiv.org/abs/1508.06576), `a[0]` and $a < b$.",
        "![mine](attachment:picture-1) and <br> <b>bold</b>\n\n$$G_{ij} = \\sum_k A_{ik}$$",
        "From https://www.tensorflow.org/guide, see (https://tensorflow.org). Me: me@a.org, [above](#my-notes).",
        "[Gatys, Ecker & Bethge: style](https://doi.org/10.1/a-b_c?d=e#f), a [list] (of [two]), $A_{[1]}$ <- here.\n",
        "[a](http://localhost:8888/lab?x=1#y) [b](HTTPS://A-B.c0.org)",
    ):
        assert not may_be_read_otherwise(source)
    for path in {ROOT / "exercises" / f"{exercise.notebook}.ipynb" for exercise in EXERCISES.values()}:
        for cell in nbformat.read(path, as_version=4).cells:
            assert cell.cell_type == "code" or not may_be_read_otherwise(cell.source), cell.source


@pytest.mark.parametrize("dollar", ["&#36;", r"\$"])
@pytest.mark.parametrize(
    "inside",
    [
        r'\text{<meta/http-equiv="refresh"/content="3;url=http&#58;//a.org/">}',
        r"\text{<form/action=x><input><button>Log in</button></form>}",
        r"\mathrm{<base>} \text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        r"\color{red\"><meta>}x",
        r"\href{javascript:alert(1)}{x} \style{color:red}{x}",
    ],
)
def test_a_formula_brings_no_tags_of_its_own(dollar, inside):
    """As it comes from a hand-in, where every < of the text is written as &lt;."""
    source = f"{dollar}{inside.replace('<', '&lt;')}{dollar}"
    page = FeedbackExporter().from_notebook_node(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source)])
    )[0]
    (shown,) = re.findall(r"<math.*</math>", page)
    assert {tag[:1] for tag in re.findall(r"</?(\w+)", shown)} == {"m"} and "<meta" not in shown
    assert not re.search(r"<[^>]*(href|style=)", shown)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "form-action 'none'" in policy and "base-uri 'none'" in policy


@pytest.mark.parametrize(
    "formula",
    [
        r"\smash{\raise{9.0em}{\hskip 6.9em \mathsf{\colorbox{#f5f5f5}{30.0 / 30.0}}}}",
        *(r"\lower{9em}{a}", r"\rlap{a} b", r"\llap{a}", r"\clap{a}", r"\hspace{-9em} a", r"\hspace{99em} a"),
        *(r"\kern-9em a", r"\mkern-99mu a", r"\! a", r"\negthickspace a", r"\rule{9em}{9em} a", r"\skew{99}\hat{a}"),
        *(r"\moveleft 9em a", r"\begin{matrix}a\\[-9em]b\end{matrix}", r"\mspace{-99mu}a", r"\vcenter{a}", r"\LaTeX"),
    ],
)
def test_no_part_of_a_formula_is_moved_to_where_something_else_stands(formula):
    shown = safe(f"<p>$\\quad {formula}$</p>")
    assert '<mspace width="1em">' in shown
    moving = r'<(?!mspace)[^>]* width=|<mspace[^>]* width="(?!([0-2]?(\.\d+)?em|\w+mathspace)")'
    assert not re.search(rf'{moving}|[lr]space=|height=|depth=|voffset=|="[^"<>]*-\s*[\d.]|negative', shown)


ORDINARY = r"""
    \frac{1}{2}\,\alpha \le \sqrt[3]{\hat{x}} \quad \mathbb{R}^{n} \ \text{where $x$ is}\; \left\| A^\top A \right\|_F^2
    \\ \begin{pmatrix} a & b \\ c & d \end{pmatrix} \tag{1} \operatorname{Gram} \overset{!}{=} \underbrace{a}_{b}
    \to \{1, \dots\} \bar\Sigma \approx \mathbf{x}
"""
MOVING = r"""
    \href{javascript:x}{y}|\mmlToken{mtext}[href=javascript:x]{y}|\smash{y}|\raise9em{y}|\rlap{y}|\hskip 9em|\kern-9em|
    \!y|\bbox[red]{y}|\def\x{y}|\require{html}|\newcommand{\x}{y}|\style{x}{y}|\class{x}{y}|\cssId{x}{y}|\color{red}{y}|
    \unicode{x41}|\mathchoice{a}{b}{c}{d}|\begin{x}y\end{x}|a\\[-9em]b|a\\ * [-9em]b|\tag{long enough to cover}|\tag|
    \frac{a\mod{\\}[-27em]}{b}|\pmod{\\}[-27em]|\frac{a\\ }{b}
"""


def shown(source):
    return MarkdownWithMath(renderer=IPythonRenderer(escape=False)).render(source)


@pytest.mark.parametrize("moving", [each.strip() for each in MOVING.split("|")])
def test_formulas_with_a_command_that_is_not_known_to_be_harmless_are_shown_as_typed(moving):
    for signs in ("$ $", "$$ $$", r"\\( \\)", r"\\[ \\]", r"\begin{equation} \end{equation}"):
        begin, end = signs.split()
        assert is_harmless(shown(f"so {begin}{ORDINARY.strip()}{end} and")), signs
        assert not is_harmless(shown(f"so {begin}x {moving} {end} and")), signs


@pytest.mark.parametrize(
    "source",
    [
        *("# total_cost", "  ###### statusmessage", "total_cost\n===", "comment total_cost\n--", "#\ttotal_cost"),
        *("* # total_cost", "> # total_cost", "1. total_cost\n   ===", "> total_cost\n> ---", "#  total_cost ##"),
        *("a\n# total_cost\nb", "- total_cost\n  ---", "*total_cost*\n==="),
    ],
)
def test_no_heading_gets_an_id_that_something_else_in_a_page_has(source):
    """Formgrader finds an exercise's field for points by its id: the first in the page."""
    assert re.search(' id="[a-z-]*(total_cost|statusmessage)[#]*"', shown(source))
    assert not is_harmless(shown(source))
    page = shown(mark_headings(source))
    assert not is_harmless(page) or not re.search(r' id="[\w-]+"', page)


def test_a_marked_heading_is_the_heading_and_code_stays_as_it_is():
    for source in ("## My result", "My result\n---"):
        page = shown(mark_headings(source))
        assert is_harmless(page) and "<h2" in page and mark_headings(mark_headings(source)) == mark_headings(source)
    for source in ("    a = 1\n---", "- a\n- b", "|a|b|\n|-|-|\n|1|2|", "text\n\n---", "#no heading"):
        assert mark_headings(source) == source


def test_commands_are_looked_for_in_formulas_only():
    assert is_harmless(shown(r"In C:\Users a line ends with \n."))
    assert is_harmless(shown("$x$ and `\\smash`\n\n    \\smash\n\n```python\n'\\n $x$'\n```"))
    assert not is_harmless("<p><code>$a$</code></code> $\\smash{x}$ <code></p>")
    assert not is_harmless('<p><code class="x tex2jax_process">$\\smash{x}$</code></p>')
    assert not is_harmless("<p>&#36;&#92;smash{x}&#36;</p>")


def test_all_formulas_of_the_course_are_allowed():
    count = 0
    for path in [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "exercises").glob("*.ipynb")]:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                looker = _Looker()
                looker.feed(shown(cell.source))
                text = "".join(looker.texts)
                count += "$" in text
                assert stays_in_place(text), (path, text)
    assert count > 30


@pytest.mark.slow
@needs_chromium
def test_a_page_asks_nobody_for_anything_and_runs_nothing(pages, course):
    asked, said = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        for student in pages:
            tab.goto((course.root / "feedback" / student / "notebooks" / "02_content_cost.html").as_uri())
            assert tab.locator("math").count() > 4
            assert tab.locator("math mfrac").first.bounding_box()["height"] > 10
            assert tab.locator("script").count() == 0
        browser.close()
    assert not said and [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_a_late_hand_in_is_told_how_the_penalty_came_about(course):
    with nbgrader_errors(), course.gradebook() as gradebook:
        gradebook.update_or_create_assignment("notebooks", duedate=datetime(2026, 12, 1, 23, 0))
        gradebook.find_submission("notebooks", "ada").timestamp = datetime(2026, 12, 3, 1, 0)
        gradebook.find_submission_notebook("04_paint", "notebooks", "ada").late_submission_penalty = 1.0
        gradebook.db.commit()
    directory = course.directory("ada", notebook_id="04_paint")
    config = Config(directory.config, LatePenalty=dict(percent_per_day=12.5))
    with nbgrader_errors():
        GenerateFeedback(coursedir=directory, config=config, force=True).start()
    page = (course.root / "feedback" / "ada" / "notebooks" / "04_paint.html").read_text()
    assert "penalty (2 days begun after the due date, 12.5 % of the points for each; Score: -1.0)" in page


def test_a_page_that_takes_too_long_is_replaced_by_a_plain_one(course, monkeypatch):
    submission = Submission(course, "ada")
    graded, folder = (course.root / name / "ada" / "notebooks" for name in ("autograded", "feedback"))
    shutil.rmtree(folder, ignore_errors=True)  # as nbgrader leaves it where it could not make a page
    for name in ("timestamp.txt", "submission_secret.txt"):  # what nbgrader wants to release feedback
        (graded / name).write_text(f"of {name}")
    with Pages(course, 1) as writing:
        writing.write(submission, seconds=0.01).result()
    page = (folder / "02_content_cost.html").read_text()
    assert "took too long" in page and "a hint" in page and "0.0 / 5.0" in page
    assert all((folder / name).read_text() == f"of {name}" for name in ("timestamp.txt", "submission_secret.txt"))
    assert has_pages(course, submission)


def test_notebooks_that_hold_too_much_are_refused(course, monkeypatch):
    """What is kept of each hand-in has a limit, whatever it was made of."""
    assert not Submission(course, "ada").refusal
    monkeypatch.setattr("grading.course.MAX_BYTES", 10_000)
    refused = Submission(course, "ada")
    assert refused.refusal == "refused: more than 0 MB of code, text and pictures in the notebooks"
    assert refused.texts == {}


@pytest.mark.slow
def test_points_are_recorded_before_there_is_a_page(course):
    submit(course.root, "late")
    submission = Submission(course, "late")
    with nbgrader_errors():
        record(course, submission, {name: failed(name, "a hint") for name in EXERCISES})
    assert is_recorded(course, submission) and not has_pages(course, submission)
    assert remembered(course, "late")["key"] == submission.key
    with Pages(course, 1) as writing:
        writing.write(submission)
    assert has_pages(course, submission)
