# The Machine That Remembers. Two commands do everything:
#   make course   environment, data, book, assignments, a sample class graded, and where to look
#   make test     the same environment, all tests
# Both need Python 3.11+ and make; both end in seconds when nothing has changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.ONESHELL:

PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell command -v $(p) >/dev/null 2>&1 && $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
VENV := $(CURDIR)/.venv
# nbgrader calls `alembic`, and the book calls `node`, by name
export PATH := $(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
CLASS := sample_class
PORT ?= 8000

# every file that a person writes, so that a stamp older than one of them is out of date
PACKAGE := $(shell find rnncourse -name '*.py')
BOOK := _config.yml _toc.yml $(shell find book -type f -not -path '*/__pycache__/*')
ASSIGNMENTS := nbgrader_config.py $(wildcard solutions/*.py) $(wildcard solutions/*/*.ipynb) $(wildcard exercises/*/*.ipynb)
TESTS := $(shell find tests -name '*.py')
ROOT := Makefile pyproject.toml constraints.txt environment.yml package.json package-lock.json \
	README.md CONTRIBUTING.md CHANGELOG.md LICENSE CITATION.cff .pre-commit-config.yaml $(wildcard .ci/run)

.PHONY: course test retest lint env data book assignments class serve labs clean help

help:  ## show the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

course: env data book assignments class  ## build and run everything, then say where to look
	@rnncourse report --course $(CLASS)
	@echo
	@echo "book      $(CURDIR)/_build/html/index.html      (make serve opens it on localhost)"
	@echo "feedback  $(CURDIR)/$(CLASS)/feedback/"
	@echo "table     $(CURDIR)/$(CLASS)/class.html"

# -- environment ------------------------------------------------------------------------------------------
env: $(VENV)/.ready node_modules/.ready  ## make the environment in .venv

$(VENV)/.ready: pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then echo "make: no Python 3.11 or newer was found; install one, or name it: make course PYTHON=/path/to/python3" >&2; exit 2; fi
	echo "environment: installing into .venv (a few minutes the first time)"
	if ! [ -x $(VENV)/bin/pip ]; then
	  $(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 2; }
	fi
	$(VENV)/bin/pip install --constraint constraints.txt --editable '.[torch,book,grade,dev]' > $(VENV)/install.log 2>&1 \
	  || { tail -n 20 $(VENV)/install.log; echo "make: the installation failed; all of it is in .venv/install.log" >&2; exit 2; }
	touch $@

node_modules/.ready: package.json package-lock.json | $(VENV)/.ready
	@npm ci --silent --no-audit --no-fund
	touch $@

# -- the parts of the course ------------------------------------------------------------------------------
data: env  ## fetch the small data sets into the user's cache (asked for once)
	@rnncourse data get --all

book: .build/book  ## build the book, strictly

# The kernels of the pages talk on the loopback interface; what they say about that is no news here.
.build/book: $(BOOK) $(PACKAGE) $(VENV)/.ready node_modules/.ready | data
	@jupyter-book build . -W -n --keep-going --quiet 2> >(grep -v 'over TCP without encryption' >&2)
	mkdir -p .build && touch $@

assignments: env  ## build the notebooks of instructors and students from solutions/*.py
	@rnncourse exercises build

class: .build/class  ## make the sample class, grade it, write feedback and table

.build/class: $(PACKAGE) $(ASSIGNMENTS) | assignments
	@echo "sample class: graded with --isolation none, since its ten submissions are our own"
	rnncourse sample-class $(CLASS)
	# status 1: all done, and some submissions need a person (the damaged one does, on purpose)
	rnncourse autograde --course $(CLASS) --isolation none || [ $$? = 1 ]
	rnncourse feedback --course $(CLASS)
	mkdir -p .build && touch $@

serve: book  ## open the book on localhost
	@echo "the book: http://localhost:$(PORT)/   (Ctrl-C ends)"
	python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

labs: env data  ## train the labs in full
	@rnncourse train text_generation

# -- tests ------------------------------------------------------------------------------------------------
test: .build/tests  ## run all tests (make retest: again, though nothing changed)
	@tail -n 1 .build/tests.txt

retest: ## run all tests again
	@rm -f .build/tests
	$(MAKE) --no-print-directory test

lint: env  ## style and types
	@ruff check . && ruff format --check . && mypy

# A run counts as done only if nothing was skipped but for want of a GPU.
.build/tests: $(PACKAGE) $(BOOK) $(ASSIGNMENTS) $(TESTS) $(ROOT) | env data book lint
	@mkdir -p .build
	python -m pytest 2>&1 | tee .build/tests.txt
	if grep '^SKIPPED' .build/tests.txt | grep -qv GPU; then echo "(some tests were skipped, see above: the next make test runs again)"; else touch $@; fi

clean:  ## remove everything that was built (the environment stays)
	rm -rf _build .build $(CLASS)
