# The Machine That Remembers. Two commands do everything:
#   make course   environment, data, book, assignments, a sample class graded, and where to look
#   make test     the same environment, all tests
# Both need Python 3.11+ and GNU make; both end in seconds when nothing has changed.
# Targets are relative paths, so that the folder may lie anywhere, also where a name has a space.

SHELL := /bin/bash
.DELETE_ON_ERROR:

PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell command -v $(p) >/dev/null 2>&1 && $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
BIN := .venv/bin
# nbgrader calls `alembic`, and the book calls `node`, by name
export PATH := $(CURDIR)/$(BIN):$(PATH)
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

.PHONY: help course env data book assignments class again serve labs mutants test retest lint clean

help:  ## show the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | expand -t 14

course: env data book assignments class  ## build and run everything, then say where to look
	@$(BIN)/rnncourse report --course $(CLASS)
	@echo
	@echo "book      $(CURDIR)/_build/html/index.html      (make serve opens it on localhost)"
	@echo "feedback  $(CURDIR)/$(CLASS)/feedback/"
	@echo "table     $(CURDIR)/$(CLASS)/class.html"

# -- environment ------------------------------------------------------------------------------------------
env: .venv/.ready node_modules/.ready  ## make the environment in .venv

# .place says where the environment was made: one that was moved or copied, or whose Python is gone, is made anew
PLACE := $(shell [ -x $(BIN)/python ] && cat .venv/.place 2>/dev/null)
ifneq ($(PLACE),$(CURDIR))
$(shell rm -f .venv/.ready)
endif

.venv/.ready: pyproject.toml constraints.txt
	@[ -n "$(PYTHON)" ] || { echo "make: no Python 3.11 or newer was found; install one, or name it: make course PYTHON=/path/to/python3" >&2; exit 2; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "make: $(PYTHON) is not a Python 3.11 or newer; name one: make course PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "environment: installing into .venv (a few minutes the first time; .venv/install.log tells how far it is)"
	@[ "$(PLACE)" = "$(CURDIR)" ] || { "$(PYTHON)" -m venv --clear .venv && echo "$(CURDIR)" > .venv/.place; } \
	  || { echo "make: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; rm -rf .venv; exit 2; }
	@$(BIN)/python -m pip install --constraint constraints.txt --editable '.[torch,book,grade,dev]' > .venv/install.log 2>&1 \
	  || { grep -i error: .venv/install.log | tail -n 3; echo "make: the installation failed, perhaps for want of a network; all of it is in .venv/install.log. The same command tries again." >&2; exit 2; }
	@touch $@

node_modules/.ready: package.json package-lock.json | .venv/.ready
	@npm ci --no-audit --no-fund > .venv/npm.log 2>&1 \
	  || { grep 'npm error' .venv/npm.log | head -n 3; echo "make: npm could not fetch what package.json names, perhaps for want of a network; all of it is in .venv/npm.log. The same command tries again." >&2; exit 2; }
	@touch $@

# -- the parts of the course ------------------------------------------------------------------------------
data: env  ## fetch the small data sets into the user's cache (asked for once)
	@$(BIN)/rnncourse data get --all

book: _build/html/.made  ## build the book, strictly

# The kernels of the pages talk on the loopback interface; what they say about that is no news here.
_build/html/.made: $(BOOK) $(PACKAGE) .venv/.ready node_modules/.ready | data
	@echo "book: building (a minute or two the first time)"
	@mkdir -p .build
	@$(BIN)/jupyter-book build . -W -n --keep-going --quiet > .build/book.log 2>&1 \
	  || { grep -v 'over TCP without encryption' .build/book.log; echo "make: the book was not built; the cause stands above, and in .build/book.log" >&2; exit 2; }
	@touch $@

assignments: env  ## build the notebooks of instructors and students from solutions/*.py
	@$(BIN)/rnncourse exercises build

class: .build/class  ## make the sample class, grade it, write feedback and table

# not a list of files but whether any of them is new or missing: their names are not for make to read
CHANGED := $(shell find $(CLASS)/submitted $(CLASS)/feedback $(CLASS)/gradebook.db -newer .build/class 2>&1 | head -n 1)

# status 1: all done, and some submissions need a person (the damaged one does, on purpose)
.build/class: $(PACKAGE) $(ASSIGNMENTS) $(if $(CHANGED),again) | assignments
	@echo "sample class: graded with --isolation none, since its ten submissions are our own"
	@$(BIN)/rnncourse sample-class $(CLASS) || { echo "make: to start the sample class afresh: rm -rf $(CLASS)" >&2; exit 2; }
	@$(BIN)/rnncourse autograde --course $(CLASS) --isolation none || [ $$? = 1 ]
	@$(BIN)/rnncourse feedback --course $(CLASS)
	@mkdir -p .build && touch $@

again:

serve: book  ## open the book on localhost
	@$(BIN)/python -c 'import http.server as s; s.HTTPServer(("127.0.0.1", $(PORT)), None).server_close()' 2>/dev/null \
	  || { echo "make: port $(PORT) cannot be had, it may be taken; choose another one: make serve PORT=8001" >&2; exit 2; }
	@echo "the book: http://localhost:$(PORT)/   (Ctrl-C ends)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

labs: env data  ## train the labs in full
	@$(BIN)/rnncourse train text_generation
	@$(BIN)/rnncourse train gru --record

mutants: env  ## try every small change of every solution on its check
	@$(BIN)/rnncourse mistakes --mutants

# -- tests ------------------------------------------------------------------------------------------------
test: .build/tests  ## run all tests (make retest: again, though nothing changed)
	@tail -n 1 .build/tests.txt

retest:  ## run all tests again
	@rm -f .build/tests
	@$(MAKE) --no-print-directory test

lint: env  ## style and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

# A run counts as done only if nothing was skipped but for want of a GPU.
.build/tests: $(PACKAGE) $(BOOK) $(ASSIGNMENTS) $(TESTS) $(ROOT) | env data book lint
	@mkdir -p .build
	@set -o pipefail; $(BIN)/python -m pytest 2>&1 | tee .build/tests.txt
	@if grep '^SKIPPED' .build/tests.txt | grep -qv GPU; \
	  then echo "make: some tests were skipped, and the lines above say what they need; the next make test runs all again"; \
	  else touch $@; fi

clean:  ## remove everything that was built (the environment stays)
	@rm -rf _build .build $(CLASS)
