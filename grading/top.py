"""The exchange's top folder, into which everybody may write: what nbgrader makes of it lets them move what is there."""

import os
import pwd
import stat
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseAssignment, ExchangeReleaseFeedback
from traitlets import Bool


class _Guarded:
    """Writes into the exchange only where nobody else can have put a folder, or a link, in the place of ours."""

    def ensure_root(self):
        super().ensure_root()
        guard_top(self)

    def init_dest(self):
        guard_top(self)
        super().init_dest()

    def ensure_directory(self, path, mode):
        """Make it, if there is none, in one step: between looking and nbgrader's making somebody could put a link."""
        os.makedirs(self.root, exist_ok=True)
        for folder, its_mode in {self.course_path: 0o755, path: mode}.items():
            try:
                os.mkdir(folder, 0o700)
                os.chmod(folder, its_mode)
            except FileExistsError:
                pass
            if self.check_owner:
                check_owner(self, Path(folder))
        super().ensure_directory(path, mode)

    def copy_files(self):
        super().copy_files()
        if self.check_owner:  # once more, after all of it
            course = Path(self.course_path)
            check_owner(self, course, *(course / name for name in ("outbound", "inbound", "feedback")))


class Release(_Guarded, ExchangeReleaseAssignment):
    """`nbgrader release_assignment`, after which nobody can put a folder in the place of the course's."""

    check_owner = Bool(True, help="of the folders in the exchange").tag(config=True)


class ReleaseFeedback(_Guarded, ExchangeReleaseFeedback):
    """`nbgrader release_feedback`, into the course's own folder alone."""

    check_owner = Bool(True, help="of the folders in the exchange").tag(config=True)


def guard_top(exchange) -> None:
    """Let only owners move what is in exchange.root: the sticky bit. Ends the command if that is not ours to set."""
    top = Path(exchange.root)
    mode = top.stat().st_mode if top.is_dir() else 0
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        try:
            top.chmod(stat.S_IMODE(mode) | stat.S_ISVTX)
        except PermissionError:
            exchange.fail(f"{top}: everybody may move the folders in it; let its owner call: chmod +t {top}")


def check_owner(exchange, *folders: Path) -> None:
    """End the command if one of these folders in the exchange is somebody's who might have put it there.

    Right owners are who calls this, root, and who owns the folder above all.
    """
    for folder in filter(os.path.lexists, folders):
        owner = folder.lstat().st_uid
        setting = type(exchange).__name__ if isinstance(exchange, _Guarded) else "ExchangeCollect"
        if folder.is_symlink() or owner not in {os.getuid(), 0, os.stat(exchange.root).st_uid}:
            exchange.fail(
                f"{folder} is {'a link' if folder.is_symlink() else f'owned by {user_name(owner)}'}: somebody may have "
                f"put it in the place of yours. If not, c.{setting}.check_owner = False ends this check"
            )


def user_name(uid: int) -> str:
    """The name of a user of the system, or the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
