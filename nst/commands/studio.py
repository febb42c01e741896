"""Paint your own photo on a page in the browser: notebook 08, served by Voilà. Ctrl-C ends it."""

import argparse
import subprocess
import sys

from nst.paths import notebooks_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8866, help="of the page's address")
    parser.add_argument("--no-browser", action="store_true", help="only say the address")


def run(given: argparse.Namespace) -> int:
    import studio

    words = [f"--Voila.config_file_paths={studio.__path__[0]}", f"--port={given.port}"]
    words += ["--no-browser"] * given.no_browser
    try:
        return subprocess.call([sys.executable, "-m", "voila", *words, notebooks_folder() / "08_studio.ipynb"])
    except KeyboardInterrupt:  # Voilà heard it, too
        return 0
