"""What belongs to the instructor alone is closed to all other users of the machine: they could read or hold it."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grading.top import user_name

FOLDERS = (".grading", "submitted", "autograded", "feedback")
FILES = ("gradebook.db*", "points.csv", "similar.csv", "class.csv", "class.html", "moodle.csv", "canvas.csv")
FILES += ("grades.csv", "downloaded", ".nbgrader.log")  # nbgrader export's, zip_collect's, and its own


def make_folder(path: Path) -> None:
    """Make a folder of the course, if there is none, that only its owner can enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def closed() -> Iterator[None]:
    """Files and folders that are made meanwhile are their owner's alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def close(root: Path, database: str | None, shared: bool = False) -> list[str]:
    """Take from all others what they may do with the course's folders and files; return what to say about it.

    Those in the folders need no change. database: the file that is the gradebook, if it is one. shared: leave the
    group, nbgrader's `groupshared`, what it may.
    """
    paths = [root / name for name in FOLDERS] + [path for name in FILES for path in sorted(root.glob(name))]
    paths += [Path(database)] if database else []
    done, left, open_to = [], [], 0o007 if shared else 0o077
    for path in dict.fromkeys(paths):
        try:
            if path.stat().st_mode & open_to:
                changed = _take(path, open_to)
                (done if changed else left).append(path)
        except FileNotFoundError:
            continue
    said = [f"closed to other users of this machine: {_names(done, root)}"] if done else []
    for path in left:
        who = user_name(path.stat().st_uid)
        said.append(
            f"{path} is open to other users, and {who}'s: let {who} call chmod {'o' if shared else 'go'}= {path}"
        )
    about = root.stat().st_mode
    if about & 0o022 & open_to and not about & stat.S_ISVTX:
        said.append(f"{root}: other users may put folders in the place of those there; call chmod go-w {root}")
    return said


def _take(path, bits):
    """Could they be taken? Not what is somebody else's, and not on a file system that has no such bits."""
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~bits)
    except OSError:
        return False
    return not path.stat().st_mode & bits


def _names(paths, root):
    return ", ".join(str(path.relative_to(root)) if path.is_relative_to(root) else str(path) for path in paths)
