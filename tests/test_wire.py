"""What crosses the trust line: it comes back as it was, and nothing else comes through."""

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from grading.sandboxed.wire import decode, encode


def test_values_and_arrays_come_back_as_they_were():
    arrays = [np.zeros((2, 3), np.float32), np.float64(2.5), np.zeros((0, 4)), np.arange(3), np.array(True)]
    value = {"list": [1, -2.5, None, True, "ä", [], {}], "arrays": arrays}
    back = decode(encode(value))
    assert back["list"] == value["list"]
    for array, other in zip(arrays, back["arrays"]):
        assert other.dtype == np.asarray(array).dtype and other.shape == np.shape(array)
        np.testing.assert_array_equal(array, other)


def packed(json=b"[]", compression=zipfile.ZIP_STORED, **entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in {"json": saved(np.frombuffer(json, np.uint8)), **entries}.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def saved(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def header(shape, descr="<f4", data=b""):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"shape": shape, "fortran_order": False, "descr": descr})
    return file.getvalue() + data


def long_header(size):
    """As numpy takes it, but so long that its tokenizer would take time."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({size},), }}".ljust(501) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode()


def packed_size():
    return len(saved(np.frombuffer(b"[]", np.uint8)))


def with_zip64(data):
    """The same zip file, with a record in which zipfile looks first for how much it lists: any number."""
    entries, size, offset = struct.unpack("<HII", data[-12:-2])
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, offset)
    return data[:-22] + record + struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1) + data[-22:]


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


ARRAY = b'{"array": "a0"}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 garbage",
        pickle.dumps([1, 2]),
        packed(ARRAY, a0=saved(np.array([Bomb()], dtype=object))),
        packed(ARRAY, a0=saved(np.zeros(2, [("a", "f4")]))),
        packed(ARRAY, a0=saved(np.array(["text"]))),
        packed(ARRAY, a0=header((10**15,))),
        packed(ARRAY, a0=header((-1,))),
        packed(ARRAY, a0=header((2**32, 2**32, 2**32, 0))),
        packed(ARRAY, a0=header((3,), data=b"1234")),
        packed(ARRAY, a0=b"not an array"),
        packed(ARRAY, a0=long_header(3) + bytes(12)),
        packed(ARRAY, compression=zipfile.ZIP_DEFLATED, a0=saved(np.zeros(10**6))),
        packed(b'{"array": "missing"}'),
        packed(b'[{"array": "a0"}, {"array": "a0"}]', a0=saved(np.zeros(3))),
        packed(b'{"array": "json"}'),
        packed(b"[" * 100_000),
        packed(b'{"one": 1, "two": 2}'),
        packed(b"\xff"),
        packed(b"[" + b"[]," * 400_000 + b"[]]"),  # 1.2 MB, which would take 50 times as much
        packed(**{f"a{number}": b"" for number in range(1001)}),
        packed().replace(struct.pack("<I", packed_size()), struct.pack("<I", 10**6)),
        packed()[:-22] + b"PK\5\6" + bytes(4) + struct.pack("<HHII", 3, 3, 30_000_000, 0) + bytes(2),
        packed() + b"comment",
        with_zip64(packed()),
        packed()[:-2] + b"\1\0",
    ],
)
def test_what_is_damaged_or_dangerous_is_refused(data):
    assert np.load(io.BytesIO(long_header(3) + bytes(12))).shape == (3,)
    with pytest.raises(ValueError, match="damaged results"):
        decode(data, max_json=1_000_000)


def test_more_than_the_limit_is_refused():
    data = encode(np.zeros(1000))
    decode(data, max_bytes=20_000)
    with pytest.raises(ValueError, match="damaged results"):
        decode(data, max_bytes=5000)


def test_the_records_that_are_refused_are_read_by_zipfile():
    """Else the tests above would prove nothing about them."""
    for data in (packed(), with_zip64(packed())):
        assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["json.npy"]


def test_few_of_the_entries_that_a_zip_file_claims_are_read(monkeypatch):
    """Each takes 46 bytes of what it says at its end that its list has; its number of them is not believed."""
    entry = struct.pack("<4s42x", b"PK\1\2")
    read, whole = [], zipfile.ZipInfo.__init__
    monkeypatch.setattr(zipfile.ZipInfo, "__init__", lambda it, *rest: read.append(1) or whole(it, *rest))
    for number in (4000, 400_000):
        listed = entry * number
        end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(listed), 0, 0)
        for data in (listed + end, with_zip64(listed + end)):
            with pytest.raises(ValueError, match="damaged results"):
                decode(data)
    assert len(read) == 4000
