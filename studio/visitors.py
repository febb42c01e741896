"""Who is there: a session for each visitor, up to a limit, and a painter that is ready for the next. No TensorFlow."""

import shutil
import time
from pathlib import Path

from studio.apart import Apart
from studio.session import Page, Session

MOST = 4
AWAY = 60.0  # seconds without a page, after which a place is given to another, unless something is painted there
BRIEF = 3.0  # the same of a session with nothing of one's own in it: long enough for a reload


class Visitor:
    def __init__(self, session: Session):
        self.session, self.pages, self.left = session, 0, 0.0


class Visitors:
    """The sessions by the names that browsers give themselves. All methods are for one thread.

    folder: for what they upload and paint.
    """

    def __init__(self, folder: Path):
        self.folder, self.visitors, self._count = folder, {}, 0
        self._spare = self._painter_for_the_next()

    def enter(self, name: str, page: Page) -> Session | None:
        """The session of a visitor, whose page is told everything from now on; None if there is no place."""
        if name not in self.visitors:
            if len(self.visitors) >= MOST and not self._make_room():
                return None
            self.visitors[name] = Visitor(self._session())
        visitor = self.visitors[name]
        visitor.pages += 1
        visitor.session.enter(page)
        return visitor.session

    def leave(self, name: str, page: Page) -> None:
        """A page was closed; the session stays, for it may come back."""
        visitor = self.visitors.get(name)
        if visitor:
            visitor.session.leave(page)
            visitor.pages -= 1
            visitor.left = time.monotonic()

    def close(self) -> None:
        for visitor in self.visitors.values():
            visitor.session.close()
        if self._spare:
            self._spare.close()

    def _session(self):
        painter, self._spare = self._spare or self._painter_for_the_next(), None

        def tells(tell):
            painter.about(tell)
            return painter

        return Session(tells, painter.folder.parent)

    def _painter_for_the_next(self):
        self._count += 1
        return Apart(self.folder / str(self._count) / "now")

    def _make_room(self):
        now = time.monotonic()
        away = {
            name: visitor.left
            for name, visitor in self.visitors.items()
            if not visitor.pages
            and not visitor.session.painter.running
            and now - visitor.left > (AWAY if visitor.session.has_own else BRIEF)
        }
        if not away:
            return False
        gone = self.visitors.pop(min(away, key=away.get))
        gone.session.close()
        shutil.rmtree(gone.session.folder, ignore_errors=True)
        return True
