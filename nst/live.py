"""The page that runs filters on a camera: which files it consists of, and a server for this machine. No TensorFlow."""

import io
import json
import mimetypes
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
from PIL import Image

from nst.filtering import Filter
from nst.paths import IMAGES, ROOT
from nst.pictures import to_uint8, write_atomically

PAGE = ROOT / "live"
PHOTO = IMAGES / "content" / "coffee_cup.png"  # what the page begins with; CC0
PORT = 8867  # beside the studio's
SAMPLE = 200  # pixels of a thumbnail's sides
KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".gz": "application/gzip"}
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; media-src blob:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    # Threads share memory, which a browser allows only to a page that is by itself.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def page_files(filters: Sequence[Path]) -> dict[str, bytes]:
    """All that a web server has to offer, by its address within the page's folder; the first filter paints first.

    OSError or ValueError for a filter that cannot be read.
    """
    files = {path.relative_to(PAGE).as_posix(): path.read_bytes() for path in PAGE.rglob("*") if path.is_file()}
    files[PHOTO.name] = PHOTO.read_bytes()
    listed = []
    for number, path in enumerate(filters):
        address = f"filters/{number}_{path.name}"  # two files may have one name
        files[address], files[f"{address}.jpg"] = path.read_bytes(), _thumbnail(path)
        name = path.stem.replace("_", " ")
        listed.append(dict(name=name, file=address, picture=f"{address}.jpg"))
    files["filters.json"] = json.dumps(dict(photo=PHOTO.name, filters=listed)).encode()
    return files


def _thumbnail(path):
    """What the filter makes of the middle of PHOTO, as a JPEG file."""
    with Image.open(PHOTO) as photo:
        side = min(photo.size)
        left, top = ((whole - side) // 2 for whole in photo.size)
        middle = photo.convert("RGB").crop((left, top, left + side, top + side)).resize((SAMPLE, SAMPLE))
    file = io.BytesIO()
    painting = Filter(path)(np.asarray(middle, np.float32)[np.newaxis] / 255)
    Image.fromarray(to_uint8(painting)).save(file, "JPEG", quality=88)
    return file.getvalue()


def export(files: Mapping[str, bytes], folder: Path) -> None:
    """Write them into a folder, for any web server."""
    for address, data in files.items():
        write_atomically(folder / address, lambda file, data=data: file.write(data))


class Server(ThreadingHTTPServer):
    """Serves these files, and nothing else, to this machine. port 0: any; if another program has it, any other.

    framed: pages of this machine, a notebook for instance, may show the page in a frame. It paints with one core there.
    """

    def __init__(self, files: Mapping[str, bytes], port: int = 0, framed: bool = False):
        self.files = files
        here = f"{POLICY}; frame-ancestors http://127.0.0.1:* http://localhost:*"
        self.headers = HEADERS | {"Content-Security-Policy": here} if framed else HEADERS
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError:
            super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request, client_address):
        """A browser that hangs up is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        hosts = (f"{name}:{self.server.server_port}" for name in ("127.0.0.1", "localhost"))
        if self.headers.get("Host") not in hosts:  # another site's name that leads here
            return self._answer(HTTPStatus.FORBIDDEN, b"This page is for this machine only.", "text/plain")
        address = unquote(urlsplit(self.path).path).removeprefix("/") or "index.html"
        data = self.server.files.get(address)
        if data is None:
            return self._answer(HTTPStatus.NOT_FOUND, b"There is no such file.", "text/plain")
        suffix = Path(address).suffix
        kind = KINDS.get(suffix) or mimetypes.guess_type(address)[0] or "application/octet-stream"
        self._answer(HTTPStatus.OK, data, kind)

    def _answer(self, status, data, kind):
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Nobody reads it."""
