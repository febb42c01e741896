"""The same page in a notebook, with the learner's own functions."""

import atexit
from pathlib import Path

import anywidget

from nst.recipe import Costs
from studio.painter import Painter
from studio.room import Room
from studio.session import Session

WEB = Path(__file__).with_name("web")
MODULES = ("elements", "pieces", "picker", "knobs", "curve", "masks", "stage", "strip", "page", "widget")  # in order


def in_one() -> str:
    """The page's modules as one: anywidget takes a single file. None of them uses a name of another twice."""
    lines = []
    for name in MODULES:
        for line in (WEB / f"{name}.js").read_text().splitlines():
            if not line.startswith("import "):
                lines.append(line if line.startswith("export default") else line.removeprefix("export "))
    return "\n".join(lines)


class _Page(anywidget.AnyWidget):
    """All views of it are one page of the session."""

    _esm = in_one()
    _css = WEB / "studio.css"

    def __init__(self, session):
        super().__init__()
        self.session = session
        self.on_msg(lambda _, message, data: self._hear(message, data[0] if data else b""))

    def _hear(self, message, data):
        if message.get("kind") == "hello":  # a view that knows nothing yet
            self.session.leave(self._tell)
            self.session.enter(self._tell)
        else:
            self.session.hear(self._tell, message, bytes(data))

    def _tell(self, message, data):
        self.send(message, [data])

    def __repr__(self):  # what a notebook that was not run yet shows
        return "The page appears here when you run this cell."


class Studio:
    """The page as a widget; show `.page` in a notebook.

    costs: the learner's cost functions, as recipe.course_costs collects them. painter: paints with them, in a thread.
    """

    def __init__(self, costs: Costs):
        self.room = Room()
        atexit.register(self.room.close)
        folder = self.room.folder
        self.session = Session(lambda tell: Painter(costs, folder / "now", tell), folder, ready=True)
        self.page = _Page(self.session)

    @property
    def painter(self) -> Painter:
        return self.session.painter
