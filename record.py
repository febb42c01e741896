"""`make record`: write the links between the notebooks, run them all and store their outputs.

.venv/bin/python record.py [--links-only] [notebook ...]
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent / "notebooks"


def title(path):
    first = nbformat.read(path, as_version=4).cells[0].source
    return first.splitlines()[0].removeprefix("# ")


def links(path, notebooks):
    """Markdown links from one notebook to its neighbours in reading order."""
    here = notebooks.index(path)
    words = []
    if here > 0:
        words.append(f"← [{title(notebooks[here - 1])}]({notebooks[here - 1].name})")
    if here + 1 < len(notebooks):
        words.append(f"[{title(notebooks[here + 1])}]({notebooks[here + 1].name}) →")
    return " | ".join(words)


def write_links(notebook, line):
    """Put the line under the title and into a last cell of its own."""
    cells = notebook.cells
    cells[0].source = f"{cells[0].source.splitlines()[0]}\n\n{line}"
    if cells[-1].metadata.get("tags") != ["links"]:
        cells.append(nbformat.v4.new_markdown_cell(metadata={"tags": ["links"]}, id="links"))
    cells[-1].source = line


def run(notebook):
    """Execute in the notebook's own folder, as Jupyter does."""
    NotebookClient(
        notebook,
        timeout=None,
        record_timing=False,
        store_widget_state=False,
        extra_arguments=["--log-level=50"],
        resources={"metadata": {"path": FOLDER}},
    ).execute()


def main(arguments):
    notebooks = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
    chosen = {Path(name).name for name in arguments if not name.startswith("--")}
    if unknown := chosen - {path.name for path in notebooks}:
        sys.exit(f"no such notebook: {', '.join(sorted(unknown))}")
    for path in notebooks:
        if chosen and path.name not in chosen:
            continue
        notebook = nbformat.read(path, as_version=4)
        write_links(notebook, links(path, notebooks))
        if "--links-only" not in arguments:
            print("running", path.name, flush=True)
            run(notebook)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])
