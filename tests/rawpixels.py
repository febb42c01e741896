"""PNG and TIFF read from their bytes, as their specifications say: what a test trusts in place of any library."""

import struct
import zlib

import numpy as np


def read_png(path):
    """(pixels, {name of a chunk: its content}) of an RGB picture that is not interlaced."""
    data, chunks, place = path.read_bytes(), {}, 8
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    while place < len(data):
        (length,), name = struct.unpack_from(">I", data, place), data[place + 4 : place + 8]
        content = data[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", data, place + 8 + length)[0] == zlib.crc32(name + content)
        chunks[name] = chunks.get(name, b"") + content
        place += 12 + length
    width, height, depth, colour, *_, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert colour == 2 and not interlaced
    step, rows = 3 * depth // 8, []
    raw = zlib.decompress(chunks[b"IDAT"])
    above = bytes(width * step)
    for line in (raw[n : n + 1 + width * step] for n in range(0, len(raw), 1 + width * step)):
        row = bytearray(line[1:])
        for n in range(len(row)):
            a, c = (row[n - step], above[n - step]) if n >= step else (0, 0)
            b = above[n]
            paeth = min((a, b, c), key=lambda one: abs(a + b - c - one))
            row[n] = (row[n] + (0, a, b, (a + b) // 2, paeth)[line[0]]) % 256
        above = bytes(row)
        rows.append(above)
    return np.frombuffer(b"".join(rows), f">u{depth // 8}").reshape(height, width, 3), chunks


def read_tiff(path):
    """(pixels, {number of a tag: its values}) of a little-endian RGB picture, deflated, predicted from the left."""
    data, tags = path.read_bytes(), {}
    assert data[:4] == b"II*\0"
    (place,) = struct.unpack_from("<I", data, 4)
    for n in range(struct.unpack_from("<H", data, place)[0]):
        tag, kind, count = struct.unpack_from("<HHI", data, place + 2 + 12 * n)
        form = {1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 7: "B"}[kind]
        size, at = count * struct.calcsize(form), place + 10 + 12 * n
        at = at if size <= 4 else struct.unpack_from("<I", data, at)[0]
        tags[tag] = struct.unpack_from("<" + form * count, data, at)
    width, height, (depth, *others) = tags[256][0], tags[257][0], tags[258]
    assert (tags[259], tags[262], tags[277], tags[317], others) == ((8,), (2,), (3,), (2,), [depth, depth])
    strips = (zlib.decompress(data[at : at + size]) for at, size in zip(tags[273], tags[279]))
    differences = np.frombuffer(b"".join(strips), f"<u{depth // 8}").reshape(height, width, 3)
    return np.cumsum(differences, axis=1, dtype=differences.dtype), tags
