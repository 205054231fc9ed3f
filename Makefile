# make reports   every notebook for every scenario, and the index, into reports/ (only what changed)
# make test      the whole test suite, notebooks included
# make lab       JupyterLab on the notebooks
# make env       .venv alone, and the filter that keeps outputs of notebooks out of commits
# make bench  benchmarks · make lint  ruff and mypy · make check  facts and scenarios · make browsers  for --to webpdf
# make mutants  changes the code in 300 places, one at a time, and says which no quick test sees
# make headlines runs the notebooks and stores the one output of each that tests compare
# make archive  adds the answers of a release, as reports/ has them, to analysis/questions/answers.csv
# make lock      resolves requirements.lock anew from pyproject.toml
#
# Each sets up what it needs. On a bare machine only make and Python 3.11 to 3.13 are asked for: uv is taken from the machine, or
# installed into build/, and where it cannot be had pip does the same work from the same hashes.

SHELL := /bin/sh
PYTHON ?= python3
SUPPORTED := >=3.11,<3.14
BIN := .venv/bin
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1
export PIP_ROOT_USER_ACTION ?= ignore
export PIP_REQUIRE_VIRTUALENV =
export UV_SYSTEM_CERTS ?= true
export UV_NATIVE_TLS ?= true

.PHONY: with-uv with-pip env filter browsers reports test lab bench mutants lint check headlines archive lock clean
.DELETE_ON_ERROR:
.DEFAULT_GOAL := reports

env: .venv/ready filter

reports: .venv/ready
	@$(BIN)/python -m analysis report --jobs $(JOBS)

test: .venv/ready
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --nbval-lax tests notebooks

# The file browser stands at the root, where params/ and reports/ are seen; the notebook is in front.
lab: .venv/ready filter
	@$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --ServerApp.root_dir='$(CURDIR)' \
	  --LabApp.default_url='/lab/tree/notebooks/efficiency.ipynb?file-browser-path=/' $(LAB_OPTIONS)

# For `jupyter nbconvert --to webpdf`: prints the setting with which it finds this machine's Chromium.
browsers: .venv/ready
	@$(BIN)/python tests/link_chromium.py '$(CURDIR)/build/browsers'

# This clone commits notebooks without their outputs.
filter: .venv/ready
	@$(BIN)/python tests/notebook_filter.py

bench: .venv/ready
	@for script in tests/benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

mutants: .venv/ready
	@$(BIN)/python tests/mutants --jobs $(JOBS) $(MUTANTS_OPTIONS)

lint: .venv/ready
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

headlines: .venv/ready
	@$(BIN)/python tests/headlines.py

archive: .venv/ready
	@$(BIN)/python -m analysis archive

check: .venv/ready
	@$(BIN)/python -m analysis check

lock: build/uv
	@build/uv pip compile --universal --python-version 3.11 --fork-strategy fewest --all-extras --upgrade --quiet \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	  pyproject.toml --output-file requirements.lock

clean:
	@rm -rf .venv build

# Exactly the lock, by hash, compiled; then this project, editable, with the locked setuptools. What uv cannot do (a proxy
# that only pip is set up for, say), pip does.
.venv/ready: requirements.lock pyproject.toml | build/uv
	@$(MAKE) --no-print-directory with-uv || $(MAKE) --no-print-directory with-pip
	@touch $@

with-uv:
	@build/uv --version >/dev/null 2>&1 || exit 1; \
	test -x $(BIN)/python || build/uv venv --quiet --python '$(if $(filter file,$(origin PYTHON)),$(SUPPORTED),$(PYTHON))' .venv || exit 1; \
	build/uv pip sync --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock && \
	build/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .

with-pip: build/boot/bin/python
	@set -e; echo "uv is not to be had here; pip takes over and needs some minutes"; \
	test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv; \
	build/boot/bin/python -m pip --python $(BIN)/python install --require-hashes --requirement requirements.lock; \
	build/boot/bin/python -m pip --python $(BIN)/python install --quiet --no-deps --no-build-isolation --editable .

# build/uv is uv: the machine's, else one of our own; /bin/false where it cannot be had, and then build/boot has pip.
build/uv:
	@mkdir -p build; \
	if uv --version >/dev/null 2>&1; then ln -sf "$$(command -v uv)" $@; \
	elif found=$$($(PYTHON) -c 'import uv; print(uv.find_uv_bin())' 2>/dev/null); then ln -sf "$$found" $@; \
	else $(MAKE) --no-print-directory build/boot/bin/python && \
	  if build/boot/bin/python -m pip install --quiet uv; then ln -sf boot/bin/uv $@; else ln -sf /bin/false $@; fi; \
	fi

# A private environment with pip. Debian's python3 comes without pip and ensurepip, and a system Python may refuse installs,
# so nothing is ever installed outside build/ and .venv except, as root, Debian's own python3-venv.
build/boot/bin/python:
	@set -e; $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "make: $(PYTHON) is not Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12" >&2; exit 1; }; \
	if ! $(PYTHON) -c 'import ensurepip' 2>/dev/null && ! $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	  sudo=; test "$$(id -u)" = 0 || sudo="sudo -n"; \
	  { $$sudo apt-get -qq update && $$sudo apt-get -qq install -y --no-install-recommends python3-venv; } || \
	  { echo "make: this Python has neither pip nor venv; install them first: apt-get install python3-venv" >&2; exit 1; }; \
	fi; \
	rm -rf build/boot; \
	if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv build/boot; \
	else $(PYTHON) -m venv --without-pip build/boot; $(PYTHON) -m pip --python build/boot/bin/python install --quiet pip; fi
