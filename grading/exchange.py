"""nbgrader's exchange, with learners who may put into it what they like: `nbgrader submit` is only one way to do so."""

import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect

TIMESTAMP = "timestamp.txt"  # in the folder of a hand-in, as the next one
SECRET = "submission_secret.txt"  # the names of a learner's pages in the exchange are made from what is in it


class Collect(ExchangeCollect):
    """`nbgrader collect` without links, which it would follow as the instructor.

    A link in a hand-in to the worked notebooks would be collected, graded and shown to the learner.
    """

    def do_copy(self, src, dest, log=None):
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder, "plain")
            plain.mkdir(mode=0o755)
            for name in copy_files(src, plain, 1000 * self.coursedir.max_file_size):
                self.log.warning("Not collected, since it is a link, no file, too large or not to be read: %s", name)
            super().do_copy(plain, dest, log)


def copy_files(source: str | Path, destination: Path, limit: float) -> list[str]:
    """Copy the files in a folder that somebody else may be changing; return what is none, or longer than `limit`."""
    if not stat.S_ISDIR(os.lstat(source).st_mode) or not os.access(source, os.R_OK | os.X_OK):
        return [str(source)]
    left = []
    for folder, _, names, place in os.fwalk(source):  # which follows no links
        target = destination / Path(folder).relative_to(source)
        target.mkdir(exist_ok=True)
        for name in names:
            try:
                opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
            except OSError:
                left.append(os.path.join(folder, name))
                continue
            with open(opened, "rb") as file:
                found = os.fstat(opened)
                if stat.S_ISREG(found.st_mode) and found.st_size <= limit:
                    with open(target / name, "wb") as copy:
                        shutil.copyfileobj(file, copy)
                else:
                    left.append(os.path.join(folder, name))
    return left


def secret_in(folder: str | Path) -> str:
    """The secret that `nbgrader submit` put into a hand-in, or "" where there is none, or something else."""
    path = Path(folder) / SECRET
    if path.is_symlink() or not path.is_file() or path.stat().st_size != 128:
        return ""
    text = path.read_bytes().decode(errors="replace")
    return text if re.fullmatch("[0-9a-f]{128}", text) else ""
