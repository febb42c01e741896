# `make` lists the targets. Everything runs in .venv, which the first target that needs it sets up.
PYTHON ?= python3
PY := .venv/bin/python
NST := .venv/bin/nst
SUDO := $(if $(filter 0,$(shell id -u)),,sudo -n)
APT := $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends
export CONTENT STYLE SIZE STRENGTH BETA EVALUATIONS EPOCHS STEPS JOBS WORKERS SMALL

# Refuse what was given on make's command line and means nothing to a target, before anything is set up for it.
KNOWN_paint := CONTENT STYLE SIZE STRENGTH BETA EVALUATIONS RESUME QUICK
KNOWN_train := CONTENT STYLE SIZE BETA EPOCHS STEPS RESUME
KNOWN_gallery := CONTENT STYLE SIZE STRENGTH BETA EVALUATIONS JOBS WORKERS SMALL
KNOWN_grade := WORKERS STUDENT AGAIN
KNOWN_test := FULL
KNOWN_bench := QUICK
KNOWN_lab := NBGRADER
KNOWN_record := NOTEBOOK
GIVEN := $(sort $(foreach v,$(.VARIABLES),$(if $(filter command line,$(origin $v)),$(filter-out -%,$v))))
knows = $(if $(filter-out PYTHON $1,$(GIVEN)),$(error unknown $(filter-out PYTHON $1,$(GIVEN)); known: $(sort PYTHON $1)))
$(foreach target,$(MAKECMDGOALS),$(call knows,$(KNOWN_$(target))))
$(foreach v,$(filter AGAIN FULL NBGRADER QUICK RESUME,$(foreach target,$(MAKECMDGOALS),$(KNOWN_$(target)))),\
	$(if $(filter-out 0 1,$($v)),$(error $v=$($v): give 1 for yes, 0 for no)))
RESUMED = $(if $(filter 1,$(RESUME)),--resume)
PICTURES = -- "$${CONTENT:-images/content/coffee_cup.png}" "$${STYLE:-images/style/starry_night.jpg}"

.PHONY: help setup paint train studio gallery lab exercises release grade check-mine sandbox chromium postgresql check test bench filters record pins clean

help:  ## this list
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "make %-10s  %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/ready  ## .venv with everything in requirements.txt

.venv/ready: requirements.txt constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed, for which TensorFlow 2.21 has packages, and this is %d.%d: make setup PYTHON=python3.11" % v)'
	$(PYTHON) -m venv .venv || { echo "On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PY) -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable .
	@$(PY) -m compileall -q -j 0 .venv/lib >/dev/null || true  # on all cores, where pip takes one; some files are for older Pythons
	@touch $@

paint: .venv/ready  ## a photo in the style of an artwork [CONTENT= STYLE= SIZE= STRENGTH= EVALUATIONS= RESUME=1 QUICK=1]
	@$(NST) paint $(RESUMED) $(if $(filter 1,$(QUICK)),--quick) $${SIZE:+--size "$$SIZE"} \
		$${STRENGTH:+--strength "$$STRENGTH"} $${BETA:+--beta "$$BETA"} \
		$${EVALUATIONS:+--evaluations "$$EVALUATIONS"} $(PICTURES)

train: .venv/ready  ## the same by epochs x steps, as in 04 [CONTENT= STYLE= SIZE= BETA= EPOCHS= STEPS= RESUME=1]
	@$(NST) train $(RESUMED) $${SIZE:+--size "$$SIZE"} \
		$${BETA:+--beta "$$BETA"} $${EPOCHS:+--epochs "$$EPOCHS"} $${STEPS:+--steps "$$STEPS"} $(PICTURES)

studio: .venv/ready  ## paint your own photo on a page in the browser
	@$(NST) studio

gallery: .venv/ready  ## each photo in each style [CONTENT= STYLE= (folders) SIZE= STRENGTH= EVALUATIONS= JOBS=list.yaml WORKERS=]
	@$(NST) gallery \
		$${CONTENT:+--content "$$CONTENT"} $${STYLE:+--style "$$STYLE"} $${SIZE:+--size "$$SIZE"} \
		$${STRENGTH:+--strength "$$STRENGTH"} $${BETA:+--beta "$$BETA"} \
		$${EVALUATIONS:+--evaluations "$$EVALUATIONS"} $${JOBS:+--jobs "$$JOBS"} \
		$${WORKERS:+--workers "$$WORKERS"} $${SMALL:+--small "$$SMALL"}

lab: .venv/ready  ## JupyterLab, open at the first exercise notebook [NBGRADER=1: with the instructor's menus]
	@$(NST) lab $(if $(filter 1,$(NBGRADER)),--nbgrader)

exercises: .venv/ready  ## the student copies in exercises/, from notebooks/
	@$(PY) -m grading.release

release: .venv/ready  ## release/nst_course.zip: what learners get, without the worked notebooks
	@$(PY) -m grading.release --release

grade: .venv/ready sandbox  ## everything in submitted/ [WORKERS= STUDENT= AGAIN=1]
	@$(PY) -m grading.grade $(if $(WORKERS),--workers "$(WORKERS)") $(if $(filter 1,$(AGAIN)),--again) $(if $(STUDENT),-- "$(STUDENT)")

check-mine: .venv/ready  ## what grading will say of the notebooks in exercises/
	@$(PY) -m grading.mine || [ $$? = 1 ]

sandbox:  ## bubblewrap, in which submissions are run (Debian, Ubuntu)
	@command -v bwrap >/dev/null || { $(APT) bubblewrap; } || \
		echo "bubblewrap is missing and could not be installed: apt-get install bubblewrap" >&2

chromium:  ## a browser for the tests in one (Debian, Ubuntu)
	@command -v chromium >/dev/null || { $(APT) chromium fonts-liberation; } || \
		echo "Chromium is missing and could not be installed: apt-get install chromium" >&2

postgresql:  ## a database server for the tests with one (Debian, Ubuntu)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { $(APT) postgresql; } || \
		echo "PostgreSQL is missing and could not be installed: apt-get install postgresql" >&2

check: .venv/ready sandbox  ## the quick tests: no browser, attacks, cluster, nothing that takes long
	@$(PY) -m pytest -n 2 -m "not slow" tests

test: .venv/ready sandbox chromium postgresql  ## every test [FULL=1: the notebooks with their own parameters, not with small ones]
	@$(if $(filter 1,$(FULL)),NST_FULL=1) $(PY) -m pytest -n 2 --durations 40

bench: .venv/ready sandbox benchmarks/.venv/ready  ## what docs/development.md says about speed, measured here [QUICK=1]
	@$(PY) benchmarks/bench_speed.py $(if $(filter 1,$(QUICK)),--quick)
	$(if $(filter 1,$(QUICK)),,$(PY) benchmarks/bench_grading.py)

benchmarks/.venv/ready: benchmarks/requirements.txt
	$(PYTHON) -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

filters: .venv/ready  ## the filters in filters/, trained anew: one from nothing, the others from that (an hour or two)
	@rm -f filters/*.onnx
	@$(NST) filter train images/style/bold_strokes.jpg -o filters/bold_strokes.onnx --from-scratch --strength 6.26 --steps 1500
	@for art in starry_night stained_glass bamboo_ink; do \
		$(NST) filter train "images/style/$$art.jpg" -o "filters/$$art.onnx" --strength 6.26 --steps 400 || exit; done
	@for art in bold_strokes starry_night stained_glass bamboo_ink; do \
		$(NST) filter train "images/style/$$art.jpg" -o "filters/$$art.onnx" --start "$$art" --steps 250 || exit; done
	@rm -f filters/*_preview.png filters/*_1.onnx

record: .venv/ready  ## run all notebooks and store their outputs [NOTEBOOK=04_paint.ipynb]
	@$(NST) record $(NOTEBOOK)

pins: .venv/ready  ## constraints.txt anew, for the first Python that is supported, after a change of requirements.txt
	sed '/^-c /d' requirements.txt > .pins
	$(PY) -m pip install --quiet --dry-run --ignore-installed --python-version 3.11.0 --only-binary :all: --target .pins.d \
		--report .pins.json -r .pins
	$(PY) -c 'import json; found = [each["metadata"] for each in json.load(open(".pins.json"))["install"]]; \
		print("# Every distribution that is installed, pinned by `make pins`; pip reads it with requirements.txt."); \
		print(*sorted((each["name"] + "==" + each["version"] for each in found), key=str.lower), sep="\n")' > constraints.txt
	rm -rf .pins .pins.json .pins.d

clean:  ## remove .venv and what you painted
	rm -rf .venv benchmarks/.venv .pytest_cache .ruff_cache .ipynb_checkpoints notebooks/.ipynb_checkpoints *.egg-info build
	find output -type f ! -name .gitkeep -delete
