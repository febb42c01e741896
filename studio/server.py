"""The page's server: for this machine, and for whoever has the address with its token. No TensorFlow."""

import asyncio
import contextlib
import hmac
import json
import secrets
import signal
import struct
from collections.abc import Callable
from pathlib import Path

import tornado.web
import tornado.websocket
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from nst import live
from studio.room import Room
from studio.visitors import MOST, Visitors

WEB = Path(__file__).with_name("web")
LONGEST = 4 * 2**20  # bytes of one message; uploads come in pieces
NO_PLACE = 1013  # how a line is closed for which there is none; socket.js knows it
HEADERS = live.HEADERS | {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
KEY = "This page is for the person who started it. Open the address that the terminal printed, with its token."
FULL = f"All {MOST} places are taken. One is free a minute after somebody has closed the page; this page tries again."


class _Guarded:
    """Refuses another site's name that leads here, and pages of other sites; and, but for files, who has no token."""

    needs_token = True

    def set_default_headers(self):
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self):
        studio = self.application.studio
        host, origin = self.request.headers.get("Host"), self.request.headers.get("Origin")
        if host not in studio.hosts or (origin and origin not in {f"http://{name}" for name in studio.hosts}):
            self._refuse("This page is for this machine only.")
        elif self.needs_token:
            given = self.get_query_argument("token", "").encode()  # whatever letters it has
            if not hmac.compare_digest(given, studio.token.encode()):
                self._refuse(KEY)

    def _refuse(self, words):
        self.set_status(403)
        self.finish(words)

    def log_exception(self, kind, error, trace):
        if not isinstance(error, tornado.web.HTTPError):  # those are others' mistakes
            super().log_exception(kind, error, trace)

    def write_error(self, status, **_):
        self.finish("There is no such file." if status == 404 else "That did not work.")


class _Page(_Guarded, tornado.web.RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish((WEB / "index.html").read_bytes())


class _File(_Guarded, tornado.web.StaticFileHandler):
    needs_token = False  # they are the same for everybody

    def set_extra_headers(self, path):
        self.set_header("Cache-Control", "no-cache")


class _Link(_Guarded, tornado.websocket.WebSocketHandler):
    """A page's line to its session: binary messages, the length of the JSON, the JSON, and bytes."""

    session = None

    def check_origin(self, origin):
        return True  # `prepare` has seen it

    def open(self):
        self.name = self.get_query_argument("visitor", "")[:64]
        loop = asyncio.get_running_loop()
        self.page = lambda message, data: loop.call_soon_threadsafe(self._send, message, data)
        self.session = self.application.studio.visitors.enter(self.name, self.page)
        if not self.session:
            self._send(dict(kind="full", text=FULL), b"")
            self.close(NO_PLACE)

    def on_message(self, message):
        if self.session and isinstance(message, bytes):
            with contextlib.suppress(ValueError, struct.error):  # no page of ours sent that
                self.session.hear(self.page, *unpacked(message))

    def on_close(self):
        if self.session:
            self.application.studio.visitors.leave(self.name, self.page)

    def _send(self, message, data):
        with contextlib.suppress(tornado.websocket.WebSocketClosedError):
            self.write_message(packed(message, data), binary=True)


def packed(message: dict, data: bytes) -> bytes:
    words = json.dumps(message).encode()
    return struct.pack("<I", len(words)) + words + data


def unpacked(whole: bytes) -> tuple[dict, bytes]:
    """ValueError or struct.error for what `packed` never makes."""
    (length,) = struct.unpack_from("<I", whole)
    message = json.loads(whole[4 : 4 + length])
    if not isinstance(message, dict):
        raise ValueError("a message is a dict")
    return message, whole[4 + length :]


class StudioServer:
    """port 0: any; if another program has it, any other. Serves until its `run` is interrupted."""

    def __init__(self, port: int):
        self.token = secrets.token_urlsafe(24)
        try:
            self.sockets = bind_sockets(port, "127.0.0.1")
        except OSError:
            self.sockets = bind_sockets(0, "127.0.0.1")
        self.port = self.sockets[0].getsockname()[1]
        self.hosts = {f"{name}:{self.port}" for name in ("127.0.0.1", "localhost")}
        self.visitors = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    def run(self, begun: Callable[[Path], object]) -> None:
        """Serve until Ctrl-C or SIGTERM. begun: called when the address answers, with a folder that goes at the end."""
        room = Room()
        try:
            asyncio.run(self._serve(room.folder, begun))
        finally:
            if self.visitors:
                self.visitors.close()
            room.close()

    async def _serve(self, folder, begun):
        handlers = [
            ("/", _Page),
            ("/session", _Link),
            ("/(icon.svg)", _File, dict(path=live.PAGE)),
            ("/(.+)", _File, dict(path=WEB)),
        ]
        settings = dict(websocket_ping_interval=20, websocket_max_message_size=LONGEST)
        application = tornado.web.Application(handlers, **settings, log_function=lambda handler: None)
        application.studio = self
        end = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, end.set)
        server = HTTPServer(application)
        server.add_sockets(self.sockets)
        begun(folder)
        self.visitors = Visitors(folder)
        await end.wait()
        server.stop()
