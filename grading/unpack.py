"""The bytes of what somebody handed in, as a file or in a zip file, and never more of them than can be dealt with."""

import io
import os
import stat
import struct
import zipfile
from pathlib import Path

MAX_BYTES = 20_000_000  # of one notebook; with pictures in it, one of ours has 1.5 MB
MAX_ZIP_BYTES = 3 * MAX_BYTES
MAX_MEMBERS, MAX_DIRECTORY = 10_000, 2_000_000  # files in a zip file, and bytes of its list of them
END, END_64, LOCATOR_64 = b"PK\5\6", b"PK\6\6", b"PK\6\7"  # records at the end of a zip file
USUAL = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # of the others, Python unpacks all at once, however much it is


class Unreadable(ValueError):
    """A submitted file that cannot be graded; the message says why."""


class TooLarge(Unreadable):
    """One with more bytes than are read."""


def bytes_of(path: str | os.PathLike, inside: str | os.PathLike, most: int) -> bytes:
    """The content of a file that really is in the folder `inside`, and has no more than `most` bytes."""
    try:
        if os.path.realpath(path) != os.path.join(os.path.realpath(inside), os.path.relpath(path, inside)):
            raise Unreadable("it is a link to another file; hand in the notebook itself")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise Unreadable("it is not a file")
            if about.st_size > most:
                raise TooLarge(f"it has {about.st_size / 1e6:.0f} MB, more than the {most / 1e6:.0f} MB allowed")
            return file.read(most + 1)
    except FileNotFoundError:
        raise Unreadable("it was not handed in") from None
    except IsADirectoryError:
        raise Unreadable("it is not a file") from None
    except OSError as error:
        raise Unreadable(f"it cannot be opened ({error.strerror})") from error


def opened(source: bytes | Path, members: int = MAX_MEMBERS, directory: int = MAX_DIRECTORY) -> zipfile.ZipFile:
    """A zip file. What it says at its end about its list of files is read first: zipfile reads all of the list."""
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:
            count, size = _listed(file)
        if count > members or size > directory:
            allowed = f"{members} and {directory / 1e6:.0f} MB are allowed"
            raise Unreadable(f"it has too many files: {count}, and {size / 1e6:.0f} MB of names; {allowed}")
        return zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    except Unreadable:
        raise
    except Exception as error:  # whatever somebody can do to a zip file
        raise Unreadable("it is no zip file, or a damaged one") from error


def _listed(file):
    """(number, bytes) of the entries in a zip file's list, as zipfile finds them."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2**16 - 100))  # a comment may follow, and two records of large files come before
    tail = file.read()
    place = len(tail) - 22 if tail[-22:-18] == END and tail[-2:] == b"\0\0" else tail.rfind(END)
    if place < 0:
        raise ValueError("no end")
    count, length = struct.unpack_from("<HI", tail, place + 10)
    if tail[max(0, place - 20) : place].startswith(LOCATOR_64):
        said = struct.unpack_from("<Q", tail, place - 12)[0]  # where newer Pythons look; older ones, before the locator
        if tail[max(0, place - 76) : place].startswith(END_64) and said == size - len(tail) + place - 76:
            count, length = struct.unpack_from("<QQ", tail, place - 76 + 32)
        else:
            raise ValueError("no end")
    return count, length


def member_of(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo, most: int = MAX_BYTES) -> bytes:
    """The content of one file in a zip file, if it has no more than `most` bytes."""
    try:
        about = name if isinstance(name, zipfile.ZipInfo) else archive.getinfo(name)
        if about.compress_type not in USUAL:
            raise Unreadable("it cannot be unpacked: pack the zip file again, with its usual method (deflate)")
        with archive.open(name) as file:
            data = file.read(most + 1)
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable("it cannot be unpacked: the zip file is damaged, or has a password") from error
    if len(data) > most:
        raise TooLarge(f"unpacked, it has more than the {most / 1e6:.0f} MB allowed")
    return data
