"""How a feedback page looks: safe to open, whatever a learner wrote, and complete without a network."""

import functools
import html
import re
from html.parser import HTMLParser
from urllib.parse import unquote
from xml.etree.ElementTree import tostring

import nh3
from jinja2 import BytecodeCache, pass_context
from latex2mathml.converter import Converter
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from grading.latex import has_formulas, stays_in_place

PENALTY = "Late submission penalty ("  # in nbgrader's page
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
LINE, CELL, NOTEBOOK = 500, 30_000, 300_000  # characters shown; colouring a line takes the square of its length
REMEMBERED = 500  # cells that are kept as they are shown
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; base-uri 'none'"
)
_TAGS = nh3.ALLOWED_TAGS | {"input"}  # of task lists
_ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, "input": {"type", "checked", "disabled"}, "a": {"href", "title", "class"}}
_ATTRIBUTES |= {name: {"id"} for name in ("h1", "h2", "h3", "h4", "h5", "h6")} | {"span": {"class"}, "div": {"class"}}
# One that JupyterLab can read, or it would take the address for one of the instructor's own files. Nothing is tried
# twice: a hand-in may hold thousands of what is nearly one.
_HOST = (
    r"[Hh][Tt][Tt][Pp][Ss]?://(?:(?![Xx][Nn]--)[a-zA-Z0-9-]++\.(?=[a-zA-Z0-9]))*+(?![Xx][Nn]--)[a-zA-Z][a-zA-Z0-9-]*+"
    r"(?::[0-9]{1,4}+)?+"
)
_PLACES = {  # where a link may lead, and a picture come from; what has no `http:` before is on the page's own site
    "href": re.compile(rf"{_HOST}(?:[/?#].*)?\Z|(?i:mailto:)|#|[a-zA-Z0-9_-]+\.ipynb\Z", re.DOTALL),
    "src": re.compile(r"data:image/(png|jpeg|gif|webp);base64,"),
}
_MADE = {"class", "id", "style", "title"}  # by nbconvert, with a learner's words in a title and in a heading's id
NOBODYS = "\N{ZERO WIDTH SPACE}"  # in such an id, so that it is none by which a page's style or program finds a thing
_HEADINGS = re.compile(
    r"^( {0,3}#{1,6}[ \t]+| {0,3}(?=[^\s#>*+|\d-][^\n]*\n {0,3}(?:=+|-+)[ \t]*$))(?!\N{ZERO WIDTH SPACE})", re.MULTILINE
)
# Pictures as grading/intake.py leaves them, links and addresses: those that are the same to whoever reads Markdown
_WORDS = r"\[(?:(?!www\.)(?:[\w ,.:;'()+·–—’“”-]|& ))*\]"
_WEB = rf"{_HOST}(?:[/?#][a-zA-Z0-9_./?=#+:,%~-]*+)?+"
_PLACE = rf"{_WEB}|mailto:[a-zA-Z0-9_.+-]+@[a-zA-Z0-9_.-]+|[a-zA-Z0-9_-]+\.ipynb|#[a-zA-Z0-9_.-]+"
_PASTED = re.compile(rf"!{_WORDS}\(attachment:picture-[0-9]+\)")
_LINK = re.compile(rf"(?<![!\\\]]){_WORDS}\((?:{_PLACE})(?: '[a-zA-Z0-9 ]*')?\)")
_BARE = re.compile(rf"(?:^|(?<=[ \n\t(])){_WEB}(?=[.,;:!?)'\"*_]*(?:[ \n\t]|\Z))")
_WHOLE = "\N{OBJECT REPLACEMENT CHARACTER}"  # in place of one of these; it is no blank
_OTHER = re.compile(r"!\[|\][(:]|\]\[|://|www\.|mermaid", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MATHML = """
    math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts
    mprescripts mtable mtr mtd mstyle mpadded mphantom menclose
"""
_MATHML_ATTRIBUTES = """
    display displaystyle scriptlevel mathvariant mathsize mathcolor mathbackground stretchy fence form separator
    largeop movablelimits accent accentunder minsize maxsize symmetric width
    linethickness linebreak notation columnalign columnlines columnspacing rowlines rowspacing
"""
_NEGATIVE = re.compile(r"-\s*[\d.]")
_SPACE = re.compile(r"[0-2]?(\.\d+)?em|(thin|medium|thick)mathspace")  # the width of one, and nothing else has a width
_STYLE = (  # what a learner wrote stays in its cell, whatever it is made of
    "<style>.text_cell_render, .input_area, .jp-RenderedMarkdown, .jp-InputArea-editor "
    "{ overflow: auto hidden !important; contain: paint !important }</style>"
)
_FORMULAS = dict.fromkeys(_MATHML.split(), set(_MATHML_ATTRIBUTES.split()))
_MATH = re.compile(r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|(?<![\\$])\$(?=\S)([^$\n]+?)(?<=\S)\$(?!\d)|\\\((.+?)\\\)", re.DOTALL)
_CODE = {"pre", "code"}  # in which MathJax makes no formulas
_SCRIPT = re.compile(r"<script\b.*?</script>|<link\b[^>]*>", re.DOTALL | re.IGNORECASE)


class _InMemory(BytecodeCache):
    """Compiled templates, kept from one page to the next: nbconvert makes a Jinja environment for each."""

    def __init__(self):
        self.compiled = {}

    def load_bytecode(self, bucket):
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket):
        self.compiled[bucket.key] = bucket.bytecode_to_string()


def _colored(source, language=None, metadata=None):
    """A code cell in colours, as nbconvert's Highlight2HTML makes it."""
    return _colored_once(source, language, (metadata or {}).get("magics_language"))


@functools.lru_cache(REMEMBERED)
def _colored_once(source, language, magics):
    return Highlight2HTML(pygments_lexer="ipython3")(source, language, {"magics_language": magics} if magics else {})


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTMLExporter, without scripts, with sanitised text, and with formulas as MathML."""

    templates, texts = _InMemory(), {}

    def _create_environment(self):
        environment = super()._create_environment()
        environment.bytecode_cache = self.templates
        return environment

    @pass_context
    def markdown2html(self, context, source):
        """What was shown before is not made again: most cells are alike in all hand-ins."""
        if context.get("cell", {}).get("attachments"):
            return safe(super().markdown2html(context, source))
        if source not in self.texts:
            if len(self.texts) >= REMEMBERED:
                self.texts.clear()
            self.texts[source] = safe(super().markdown2html(context, source))
        return self.texts[source]

    def from_notebook_node(self, nb, resources=None, **more):
        """As HTMLExporter does it, but for its last step: it reads the page again, and takes longer than all the rest.

        That step gives pictures some alternative text, and JupyterLab's cells a tabindex: here are neither without.
        """
        resources = self._init_resources(resources)
        known = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("highlight_code", _colored)
        self.register_filter("filter_data_type", known)
        page, resources = super(HTMLExporter, self).from_notebook_node(nb, resources, **more)
        head = f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">{_STYLE}'
        page = _SCRIPT.sub("", page).replace("<head>", head, 1)
        if resources.get("nbgrader", {}).get("late_penalty"):
            page = page.replace(PENALTY, f"{PENALTY}{self._why_late(resources['nbgrader'])}; ", 1)
        return page, resources

    def _why_late(self, grades):
        from grading.late import LatePenalty  # needs this module

        directory = self.parent.coursedir
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            seconds = gradebook.find_submission(grades["assignment"], grades["student"]).total_seconds_late
        return LatePenalty(config=self.config).reason(seconds)


def safe(text: str) -> str:
    """HTML made from Markdown, with nothing in it that runs or that is fetched from elsewhere, and formulas shown.

    It is sanitised twice: the formulas are looked for in HTML that is in order, and nothing is made after.
    """
    text = _clean(text, _TAGS, _ATTRIBUTES)
    pieces = re.split(r"(<(?:pre|code)\b.*?</(?:pre|code)>|<[^>]*>)", text, flags=re.DOTALL)
    shown = "".join(piece if number % 2 else _MATH.sub(_formula, piece) for number, piece in enumerate(pieces))
    return _clean(shown, _TAGS | _FORMULAS.keys(), _ATTRIBUTES | _FORMULAS)


def _clean(text, tags, attributes):
    schemes = {"http", "https", "mailto", "data"}
    return nh3.clean(text, tags=tags, attributes=attributes, attribute_filter=_attribute, url_schemes=schemes)


def _attribute(tag, name, value):
    """Pictures only from the page itself; links that a click follows, but none to a program or into this site.

    In a formula, nothing that moves a part of it to where something else stands.
    """
    if tag in _FORMULAS and (_NEGATIVE.search(value) or name == "width"):
        return value if tag == "mspace" and name == "width" and _SPACE.fullmatch(value) else None
    return value if name not in _PLACES or _PLACES[name].match(value) else None


class _Looker(HTMLParser):
    """Finds in a page what `safe` would take out of it, and the texts in which MathJax looks for formulas."""

    def __init__(self):
        super().__init__()
        self.refused, self.texts, self.in_code = False, [], 0

    def handle_starttag(self, tag, attributes):
        known = _ATTRIBUTES.get(tag, set()) | _MADE
        kept = [name in known and _attribute(tag, name, value or "") is not None for name, value in attributes]
        self.refused |= tag not in _TAGS or not all(kept)
        self.refused |= any(name == "class" and "jax" in (value or "") for name, value in attributes)
        self.refused |= any(name == "id" and NOBODYS not in unquote(value or "") for name, value in attributes)
        self.in_code += tag in _CODE

    def handle_endtag(self, tag):
        self.in_code -= tag in _CODE
        self.refused |= self.in_code < 0

    def handle_data(self, data):
        if not self.in_code:
            self.texts.append(data)


def mark_headings(source: str) -> str:
    """Markdown whose headings get ids of their own: nbconvert makes them of the words, which could be another thing's.

    What stands in formgrader's page under such a name, a field for points say, would not be found any more.
    """
    return _HEADINGS.sub(rf"\1{NOBODYS}", source)


def is_harmless(text: str) -> bool:
    """May HTML that was made from Markdown be shown as it is: is there nothing in it that `safe` takes out?

    Nor may it have an id that is not marked, or its formulas anything but what is known to stay in its place.
    formgrader shows it in the instructor's own Jupyter, where a link's program could do all that the instructor can.
    """
    looker = _Looker()
    looker.feed(text)
    looker.close()
    return not looker.refused and not looker.in_code and stays_in_place("".join(looker.texts))


def without_markup(source: str) -> str:
    """Markdown without HTML, and where there may be formulas without quotation marks that could end an attribute.

    JupyterLab puts a formula back as it was typed, when the rest is HTML already: into a link's address, too.
    """
    source = source.replace("<", "&lt;")
    return source.replace('"', "\N{RIGHT DOUBLE QUOTATION MARK}") if has_formulas(html.unescape(source)) else source


def may_be_read_otherwise(source: str) -> bool:
    """Is there in Markdown what another program, or a formula's or code's end elsewhere, could make a link of?

    JupyterLab ends a formula at an empty line, and code where nbconvert does not; it takes an address that it cannot
    read for one of the instructor's own files; and it draws diagrams (Mermaid), with pictures in them. So pictures are
    those that were pasted, links and addresses of the plainest form, formulas of what stays in its place, and of
    anything else that is part of a link in Markdown there is nothing: as it was typed, with entities read, or without
    the backslashes that Markdown takes away.
    """
    if _CONTROL.search(source.replace("\t", " ")):
        return True
    for text in (source, html.unescape(source)):
        rest = _BARE.sub(_WHOLE, _LINK.sub(_WHOLE, _PASTED.sub(_WHOLE, text)))
        if _OTHER.search(rest) or _OTHER.search(_ESCAPED.sub(r"\1", rest)):
            return True
        if not (stays_in_place(text) and stays_in_place(_ESCAPED.sub(r"\1", text))):
            return True
    return False


def _formula(found):
    block, latex = found[1] or found[2], next(group for group in found.groups() if group is not None)
    if "<" in latex or len(latex) > 2000:
        return found[0]
    try:
        tree = Converter(display="block" if block else "inline").convert_to_element(html.unescape(latex))
    except Exception:  # what is no formula stays as it was typed
        return found[0]
    for element in tree.iter():  # it writes &#x2211; for a sum; tostring would make text of that
        element.text = html.unescape(element.text or "")
    return tostring(tree, encoding="unicode")


def shorten(notebook: NotebookNode) -> bool:
    """Cut the sources in a notebook to what can be shown; return whether that was necessary.

    A text that is cut may mean something else, such as a link that stood in backticks: it is shown as it was typed.
    """
    left, cut = NOTEBOOK, False
    for cell in notebook.cells:
        is_code = cell.cell_type == "code"
        lines = "\n".join(_short(line, LINE) for line in cell.source.split("\n")) if is_code else cell.source
        shown = _short(lines, max(0, min(CELL, left)))
        left -= len(shown)
        if shown != cell.source:
            cut, cell.source = True, shown if is_code else as_typed(shown)
    return cut


def as_typed(source: str) -> str:
    """Markdown that shows a text as it is: indented, and without what could begin a formula or upset a terminal."""
    lines = _CONTROL.sub(" ", without_formulas(source)).split("\n")
    return "\n".join(f"    {line}" if line.strip() else "" for line in lines)


def without_formulas(text: str) -> str:
    """A text in which MathJax finds no formula: it reads what a page shows, so that entities would not help."""
    return text.replace("\\", "\N{SET MINUS}").replace("$", "\N{FULLWIDTH DOLLAR SIGN}")


def _short(text, most):
    return text if len(text) <= most else f"{text[:most]} ... (cut here, of {len(text)} characters)"
