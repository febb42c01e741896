"""Runs a command as somebody who is not root: what holds for root need not hold for an ordinary user."""

import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

UID = 54321  # nobody here


def as_ordinary_user(command: list, uid: int = UID, home: str | os.PathLike = "/tmp") -> list[str]:
    """The command that runs `command` as the user `uid`; as an ordinary user, the command itself.

    Python may lie in a folder that only root can enter (pyenv in /root): it is mounted on its own in a place where all
    can see it, in a mount namespace of the command's. A test that needs what is not there is skipped.
    """
    command = [str(part) for part in command]
    if os.getuid() != 0:
        return command
    for program in ("unshare", "setpriv", "mount"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    closed = next((f for f in reversed(Path(sys.base_prefix).parents) if f.stat().st_mode & 0o005 != 0o005), None)
    steps = []
    if closed is not None:
        prefix, hidden, aside = map(shlex.quote, (sys.base_prefix, str(closed), f"/run/nst-python-{os.getpid()}"))
        steps = [
            f"mkdir -p {aside} && mount --bind {prefix} {aside} && mount -t tmpfs -o mode=755 none {hidden}",
            f"mkdir -p {prefix} && mount --move {aside} {prefix} && rmdir {aside}",
        ]
    steps.append(f"export HOME={shlex.quote(str(home))}")
    steps.append(f'exec setpriv --reuid {uid} --regid {uid} --clear-groups -- "$@"')
    return ["unshare", "--mount", "sh", "-c", " && ".join(steps), "sh", *command]
