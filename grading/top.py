"""The exchange's top folder, into which everybody may write: what nbgrader makes of it lets them move what is there."""

import os
import pwd
import stat
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseAssignment


class Release(ExchangeReleaseAssignment):
    """`nbgrader release_assignment`, after which nobody can put a folder in the place of the course's."""

    def ensure_root(self):
        super().ensure_root()
        guard_top(self)


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
        if folder.is_symlink() or owner not in {os.getuid(), 0, os.stat(exchange.root).st_uid}:
            exchange.fail(
                f"{folder} is {'a link' if folder.is_symlink() else f'owned by {user_name(owner)}'}: somebody may have "
                "put it in the place of yours. If not, c.ExchangeCollect.check_owner = False ends this check"
            )


def user_name(uid: int) -> str:
    """The name of a user of the system, or the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
