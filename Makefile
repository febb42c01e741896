# `make` lists the targets. Everything runs in .venv, which the first target that needs it sets up.
PYTHON ?= python3
PY := .venv/bin/python
export CONTENT STYLE SIZE EPOCHS STEPS RESUME

.PHONY: help setup paint lab test record clean

help:  ## this list
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/ready  ## .venv with everything in requirements.txt

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) and "Python 3.11 or newer is needed: make setup PYTHON=python3.11")'
	$(PYTHON) -m venv .venv || { echo "On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

paint: .venv/ready  ## a photo in the style of an artwork [CONTENT= STYLE= SIZE= EPOCHS= STEPS= RESUME=1]
	@$(PY) paint.py $${CONTENT:+--content "$$CONTENT"} $${STYLE:+--style "$$STYLE"} $${SIZE:+--size "$$SIZE"} \
		$${EPOCHS:+--epochs "$$EPOCHS"} $${STEPS:+--steps "$$STEPS"} $${RESUME:+--resume "$$RESUME"}

lab: .venv/ready  ## JupyterLab on the notebooks
	$(PY) -m jupyter lab notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

test: .venv/ready  ## every test
	$(PY) -m pytest

record: .venv/ready  ## run all notebooks and store their outputs [NOTEBOOK=04_paint.ipynb]
	$(PY) record.py $(NOTEBOOK)

clean:  ## remove .venv and what you painted
	rm -rf .venv .pytest_cache .ruff_cache .ipynb_checkpoints notebooks/.ipynb_checkpoints *.egg-info
	find output -type f ! -name .gitkeep -delete
