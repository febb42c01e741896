"""What crosses the trust line: a JSON value and its arrays in one npz file. Never a pickle."""

import io
import json
import struct
import zipfile
from typing import Any

import numpy as np

MAX_ENTRIES = 1000
MAX_HEADER = 256  # bytes before an array's numbers; numpy reads them with Python's own tokenizer
KINDS = "fiub"  # float, int, unsigned int, bool


def encode(value: Any) -> bytes:
    """Return bytes that hold `value`: None, bools, numbers, strings, lists, dicts and NumPy arrays, nested."""
    arrays = {}

    def plain(part):
        if isinstance(part, np.ndarray | np.generic):
            arrays[f"a{len(arrays)}"] = np.ascontiguousarray(part).reshape(np.shape(part))
            return {"array": f"a{len(arrays) - 1}"}
        if isinstance(part, dict):
            return {"dict": {key: plain(each) for key, each in part.items()}}
        if isinstance(part, list | tuple):
            return [plain(each) for each in part]
        return part

    text = json.dumps(plain(value)).encode()
    file = io.BytesIO()
    np.savez(file, json=np.frombuffer(text, np.uint8), **arrays)
    return file.getvalue()


def decode(data: bytes, max_bytes: int = 64_000_000, max_json: int = 64_000_000) -> Any:
    """Return what `encode` got. The bytes may come from an enemy: ValueError for whatever is not as it should be.

    max_bytes: of all; max_json: of what is not in arrays, which takes fifty times as much when it is decoded.
    """
    try:
        _check_directory(data)
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            entries = file.infolist()
            if len(entries) > MAX_ENTRIES:
                raise ValueError("too many entries")
            if any(e.compress_type != zipfile.ZIP_STORED or e.compress_size != e.file_size for e in entries):
                raise ValueError("compressed entries")
            if sum(entry.file_size for entry in entries) > max_bytes or len(data) > max_bytes:
                raise ValueError(f"more than {max_bytes} bytes")
            arrays = {entry.filename.removesuffix(".npy"): _array(file.read(entry)) for entry in entries}
        written = arrays.pop("json")

        def nested(part):
            if isinstance(part, list):
                return [nested(each) for each in part]
            if isinstance(part, dict):
                ((kind, content),) = part.items()
                if kind == "array":
                    return arrays.pop(content)  # once: a thousand mentions of one would be a thousand arrays
                return {key: nested(each) for key, each in content.items()}
            return part

        if written.nbytes > max_json:
            raise ValueError(f"more than {max_json} bytes of JSON")
        return nested(json.loads(written.tobytes()))
    except Exception as error:  # whatever is wrong with it
        raise ValueError(f"damaged results ({type(error).__name__})") from error


def _check_directory(data):
    """Raise ValueError unless the zip file says at its end, as `encode` writes it, that it has few entries.

    zipfile reads as many bytes of entries as that record says; one for zip64 would stand right before it and outdo it.
    """
    if data[-22:-18] != b"PK\5\6" or data[-2:] != bytes(2) or data[-42:-38] == b"PK\6\7":
        raise ValueError("no zip file, one with a comment, or a zip64 one")
    entries, size = struct.unpack("<HI", data[-12:-6])
    if entries > MAX_ENTRIES or size > 200 * MAX_ENTRIES:
        raise ValueError("too many entries")


def _array(data):
    """One .npy file, read without trusting its header: the header's size must be the size of what follows."""
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("another version of the npy format")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file, MAX_HEADER)
    if dtype.kind not in KINDS or dtype.hasobject or fortran_order or len(shape) > 8:
        raise ValueError("not an array of numbers")
    size = dtype.itemsize
    for side in shape:
        if not 0 <= side <= len(data):
            raise ValueError("impossible shape")
        size *= side
    if size != len(data) - file.tell():
        raise ValueError("the header does not fit the data")
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape)
