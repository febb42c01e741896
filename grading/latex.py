"""What a formula in a learner's text may hold, so that MathJax and MathML keep it in its place.

A list of what is allowed: MathJax knows hundreds of commands, which link, colour, define others, or lay text over what
stands elsewhere on a page.
"""

import re

_GREEK = """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi omicron pi varpi rho
    varrho sigma varsigma tau upsilon phi varphi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_OPERATORS = """
    sum prod coprod int iint iiint oint bigcup bigcap bigoplus bigotimes bigwedge bigvee
    pm mp times div cdot ast star circ bullet oplus ominus otimes oslash odot dagger cap cup setminus wedge vee land lor
    neg lnot nabla partial forall exists nexists infty emptyset varnothing ell hbar Re Im aleph angle triangle square
    top bot prime surd degree sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth log ln lg exp min max
    sup inf lim limsup liminf arg det dim ker gcd hom Pr deg bmod pmod
    dots ldots cdots vdots ddots dotsc dotsb dotsm colon
"""
_RELATIONS = """
    le leq leqslant ge geq geqslant lt gt ne neq equiv approx approxeq sim simeq cong propto ll gg prec succ preceq
    succeq doteq triangleq subset supset subseteq supseteq subsetneq in ni notin mid nmid parallel perp models vdash
    therefore because
    to gets leftarrow rightarrow leftrightarrow Leftarrow Rightarrow Leftrightarrow longrightarrow longleftarrow
    Longrightarrow Longleftarrow Longleftrightarrow longleftrightarrow uparrow downarrow updownarrow Uparrow Downarrow
    mapsto longmapsto implies impliedby iff hookrightarrow rightharpoonup rightleftharpoons nearrow searrow
"""
_SHAPES = """
    frac dfrac tfrac cfrac over binom dbinom tbinom choose sqrt stackrel overset underset substack overbrace underbrace
    overline underline overrightarrow overleftarrow widehat widetilde hat bar vec dot ddot tilde check breve acute grave
    boxed limits nolimits displaystyle textstyle scriptstyle operatorname hline nonumber notag
"""
_DELIMITERS = """
    left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm langle rangle lfloor
    rfloor lceil rceil lvert rvert lVert rVert vert Vert lbrace rbrace lbrack rbrack backslash
"""
_FONTS = """
    text textrm textbf textit texttt textsf mathrm mathbf mathit mathsf mathtt mathbb mathcal mathfrak mathscr
    boldsymbol rm bf it cal quad qquad thinspace enspace
"""
COMMANDS = frozenset(f"{_GREEK} {_OPERATORS} {_RELATIONS} {_SHAPES} {_DELIMITERS} {_FONTS}".split())
SIGNS = frozenset(r""",;:>|{}_$%&#()[]\ """) | {"\n", "\t"}  # \! would go back, over what stands before it
_ENVIRONMENTS = """
    matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array cases split equation equation* align align*
    aligned gather gather* gathered
"""
ENVIRONMENTS = frozenset(_ENVIRONMENTS.split())
_BEGINS = re.compile(r"\$|\\[(\[]|\\begin|\\(eq)?ref")  # in MathJax as nbgrader sets it up
_COMMAND = re.compile(r"\\([A-Za-z]+|.|\Z)", re.DOTALL)
_AFTER = {  # what must follow; a number beside a formula is short, since a long one reaches back over it
    "begin": re.compile(r"\{(?P<name>[A-Za-z]+\*?)\}"),
    "end": re.compile(r"\{(?P<name>[A-Za-z]+\*?)\}"),
    "tag": re.compile(r"\{[\w.]{1,10}\}"),
    # A line's distance to the next can be less than none; and a macro can put it behind the end of its argument.
    "\\": re.compile(r"(?![\s\ufeff]*+\*?+[\s\ufeff]*+[\[}])"),
}


def has_formulas(text: str) -> bool:
    """Is there what begins a formula?"""
    return bool(_BEGINS.search(text))


def stays_in_place(text: str) -> bool:
    """Is there no formula in the text of a page, or none with a command that is not in the lists here?"""
    return not has_formulas(text) or all(_is_allowed(found, text) for found in _COMMAND.finditer(text))


def _is_allowed(found, text):
    name = found[1]
    if name in _AFTER:
        after = _AFTER[name].match(text, found.end())
        return after is not None and (name not in ("begin", "end") or after["name"] in ENVIRONMENTS)
    return name in COMMANDS or name in SIGNS
