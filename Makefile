# `make` lists the targets. Everything runs in .venv, which the first target that needs it sets up.
PYTHON ?= python3
PY := .venv/bin/python
SUDO := $(if $(filter 0,$(shell id -u)),,sudo -n)
export CONTENT STYLE SIZE BETA EVALUATIONS EPOCHS STEPS RESUME JOBS WORKERS SMALL
PICTURES = $${CONTENT:+--content "$$CONTENT"} $${STYLE:+--style "$$STYLE"} $${SIZE:+--size "$$SIZE"} $${BETA:+--beta "$$BETA"}

.PHONY: help setup paint train studio gallery lab exercises release grade sandbox chromium test bench record clean

help:  ## this list
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / { printf "make %-9s  %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/ready  ## .venv with everything in requirements.txt

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) and "Python 3.11 or newer is needed: make setup PYTHON=python3.11")'
	$(PYTHON) -m venv .venv || { echo "On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

paint: .venv/ready  ## a photo in the style of an artwork [CONTENT= STYLE= SIZE= BETA= EVALUATIONS= RESUME=1]
	@$(PY) paint.py paint $(PICTURES) $${EVALUATIONS:+--evaluations "$$EVALUATIONS"} $${RESUME:+--resume "$$RESUME"}

train: .venv/ready  ## the same by epochs x steps, as in 04 [CONTENT= STYLE= SIZE= BETA= EPOCHS= STEPS= RESUME=1]
	@$(PY) paint.py train $(PICTURES) $${EPOCHS:+--epochs "$$EPOCHS"} $${STEPS:+--steps "$$STEPS"} \
		$${RESUME:+--resume "$$RESUME"}

studio: .venv/ready  ## paint your own photo on a page in the browser
	$(PY) -m voila --Voila.config_file_paths=studio $(firstword $(wildcard notebooks/08_studio.ipynb exercises/08_studio.ipynb))

gallery: .venv/ready  ## each photo in each style [CONTENT= STYLE= (folders) SIZE= BETA= EVALUATIONS= JOBS=list.yaml WORKERS=]
	@$(PY) gallery.py $(PICTURES) $${EVALUATIONS:+--evaluations "$$EVALUATIONS"} \
		$${JOBS:+--jobs "$$JOBS"} $${WORKERS:+--workers "$$WORKERS"} $${SMALL:+--small "$$SMALL"}

lab: .venv/ready  ## JupyterLab, open at the first exercise notebook
	$(PY) -m jupyter lab --LabApp.default_url=/lab/tree/exercises/01_transfer_learning.ipynb \
		$(if $(filter 0,$(shell id -u)),--allow-root)

exercises: .venv/ready  ## the student copies in exercises/, from notebooks/
	$(PY) -m grading.exercises

release: .venv/ready  ## release/nst_course.zip: what learners get, without the answers
	$(PY) -m grading.exercises --release

grade: .venv/ready sandbox  ## everything in submitted/ [WORKERS= STUDENT= AGAIN=1]
	@$(PY) -m grading.grade $(if $(WORKERS),--workers $(WORKERS)) $(if $(AGAIN),--again) $(STUDENT)

sandbox:  ## bubblewrap, in which submissions are run (Debian, Ubuntu)
	@command -v bwrap >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq bubblewrap; } || \
		echo "bubblewrap is missing and could not be installed: apt-get install bubblewrap" >&2

chromium:  ## a browser for the tests in one (Debian, Ubuntu)
	@command -v chromium >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium; }

test: .venv/ready sandbox  ## every test [FULL=1: 05 to 08 with their own parameters, not with small ones]
	$(if $(FULL),NST_FULL=1) $(PY) -m pytest -n 2 --dist loadfile --durations 40

bench: .venv/ready sandbox benchmarks/.venv/ready  ## what the README says about speed, measured here [QUICK=1]
	$(PY) benchmarks/bench_speed.py $(if $(QUICK),--quick)
	$(if $(QUICK),,$(PY) benchmarks/bench_grading.py)

benchmarks/.venv/ready: benchmarks/requirements.txt
	$(PYTHON) -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

record: .venv/ready  ## run all notebooks and store their outputs [NOTEBOOK=04_paint.ipynb]
	$(PY) record.py $(NOTEBOOK)

clean:  ## remove .venv and what you painted
	rm -rf .venv benchmarks/.venv .pytest_cache .ruff_cache .ipynb_checkpoints notebooks/.ipynb_checkpoints *.egg-info
	find output -type f ! -name .gitkeep -delete
