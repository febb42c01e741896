"""Write the links between the worked notebooks, run them all and store their outputs."""

import argparse
from pathlib import Path

import nbformat

from nst.commands.arguments import Refused, say
from nst.paths import ROOT

FOLDER = ROOT / "notebooks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebooks", metavar="NOTEBOOK", nargs="*", help="only these")
    parser.add_argument("--links-only", action="store_true", help="run none")


def run(given: argparse.Namespace) -> int:
    notebooks = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
    chosen = {Path(name).name for name in given.notebooks}
    if unknown := chosen - {path.name for path in notebooks}:
        raise Refused(f"no such notebook: {', '.join(sorted(unknown))}")
    for path in notebooks:
        if chosen and path.name not in chosen:
            continue
        notebook = nbformat.read(path, as_version=4)
        write_links(notebook, links(path, notebooks))
        if not given.links_only:
            say(f"running {path.name}")
            execute(notebook)
        nbformat.write(notebook, path)
    return 0


def title(path: Path) -> str:
    first = nbformat.read(path, as_version=4).cells[0].source
    return first.splitlines()[0].removeprefix("# ")


def links(path: Path, notebooks: list[Path]) -> str:
    """Markdown links from one notebook to its neighbours in reading order."""
    here = notebooks.index(path)
    words = []
    if here > 0:
        words.append(f"← [{title(notebooks[here - 1])}]({notebooks[here - 1].name})")
    if here + 1 < len(notebooks):
        words.append(f"[{title(notebooks[here + 1])}]({notebooks[here + 1].name}) →")
    return " | ".join(words)


def write_links(notebook, line: str) -> None:
    """Put the line under the title and into a last cell of its own."""
    cells = notebook.cells
    cells[0].source = f"{cells[0].source.splitlines()[0]}\n\n{line}"
    if cells[-1].metadata.get("tags") != ["links"]:
        cells.append(nbformat.v4.new_markdown_cell(metadata={"tags": ["links"]}, id="links"))
    cells[-1].source = line


def execute(notebook) -> None:
    """Run a notebook in its own folder, as Jupyter does."""
    from nbclient import NotebookClient

    NotebookClient(
        notebook,
        timeout=None,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=50"],
        resources={"metadata": {"path": FOLDER}},
    ).execute()
