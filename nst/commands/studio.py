"""Paint your own photo on a page in the browser. Ctrl-C ends it."""

import argparse
import threading
import webbrowser

from nst.commands.arguments import Refused, say, whole_number

PORT = 8866


def add_arguments(parser: argparse.ArgumentParser) -> None:
    port = f"of the address (default: {PORT})"
    parser.add_argument("--port", type=whole_number, metavar="N", default=PORT, help=port)
    parser.add_argument("--no-browser", action="store_true", help="only say the address")


def run(given: argparse.Namespace) -> int:
    if given.port > 65535:
        raise Refused(f"--port {given.port}: give 1 to 65535")
    from studio.server import StudioServer

    server = StudioServer(given.port)

    def begun(folder):
        if server.port != given.port:
            say(f"Port {given.port} is in use; the page has another one. --port names one of your choice.")
        say(f"{server.address} is the page. Ctrl-C ends it.")
        if not given.no_browser:
            _open(server.address, folder / "open.html")

    server.run(begun)
    say("The studio has ended; what was uploaded and painted there is deleted.")
    return 0


def _open(address, file):
    """Open a file that leads to the address: other users see a browser's arguments, and the token is not for them."""
    file.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>Studio</title>')
    threading.Thread(target=webbrowser.open, args=(file.as_uri(),), daemon=True).start()
