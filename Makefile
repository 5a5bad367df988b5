# The verbs of this house; `make help` lists them. Needs make and python3 >= 3.11 with venv.
#
# What is built lies in .venv (what `make run` starts) and .make (tools, the developers' environment,
# the wheel); deleting both starts afresh. Nothing is installed twice: each step leaves a stamp.

PORT ?= 8000
DATA ?= ./data
SEED ?= 1
STORIES ?= 20000
PYTHON ?= python3
UV ?= uv

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
.SHELLFLAGS := -euc

MADE := .make
TOOLS := $(MADE)/tools/bin/python
DEV := $(MADE)/dev/bin/python
PYTEST := $(DEV) -m pytest -q
# Many tests wait for servers and clocks, so one worker more than there are processors keeps all of
# them busy. A file stays with one worker; files are begun in order, the longest of them early.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST_SHARED := $(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder
COMPILED := $(CURDIR)/$(MADE)/compiled
REPORTS := $(MADE)/reports
INSTALL := $(TOOLS) -m pip --disable-pip-version-check --no-input --quiet

# The suites that exercise the engine; they run a second time against the compiled wheel.
COMPILED_SUITES = $(wildcard tests/unit/engine tests/unit/numerics tests/unit/test_engine*.py \
  tests/unit/test_numerics*.py tests/scenario tests/property tests/simulation tests/golden)
SOAK_SUITES = $(wildcard tests/property tests/e2e)

# The web app is built into the package, with the Node that the build tools bring.
WEB_DIST := src/stockyard/web/dist
WEB_SOURCES := $(shell find web -type f ! -path 'web/node_modules/*' ! -path 'web/e2e/*' | LC_ALL=C sort)
NODE := PATH="$(CURDIR)/$(MADE)/tools/bin:$$PATH" npm --prefix web --loglevel=error
# Clients in JavaScript that tests run against a live process.
NODE_CLIENTS := tests/compat/node
# A bot framework, beside the developers' libraries and not among them: it asks for 200 packages.
FRAMEWORKS := $(MADE)/frameworks

# A deleted file makes nothing newer, so the list of files is itself a source.
SOURCES := pyproject.toml setup.py MANIFEST.in $(wildcard README.md) \
  $(shell find src -type f ! -name '*.py[co]' ! -path '*.egg-info/*' ! -path '$(WEB_DIST)/*' | LC_ALL=C sort)
LISTING := $(MADE)/sources.list
$(shell mkdir -p $(MADE); printf '%s\n' $(SOURCES) $(WEB_SOURCES) > $(LISTING).new; \
  cmp -s $(LISTING).new $(LISTING) && rm $(LISTING).new || mv $(LISTING).new $(LISTING))

.PHONY: help run dev web web-dev test check test-source test-compiled test-web screenshots sim soak bench bench-quick docs recorded lock clean

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

run: .venv/stockyard.stamp ## install what is missing, then serve on PORT (8000) with DATA (./data)
	@exec .venv/bin/stockyard serve --port "$(PORT)" --data "$(DATA)"

dev: $(MADE)/dev/stockyard.stamp ## serve straight from src: a restart shows a change
	@exec $(MADE)/dev/bin/stockyard serve --port "$(PORT)" --data "$(DATA)"

web: $(MADE)/web.stamp ## build the web app into src, where `make dev` serves it

web-dev: $(MADE)/web-libraries.stamp ## the web app on port 5173, changes shown at once, over the API of PORT
	@API_URL=http://127.0.0.1:$(PORT) $(NODE) run dev

test: check test-source test-compiled test-web ## everything: check, all suites, the engine's compiled, the web app's

check: $(MADE)/dev/stockyard.stamp $(MADE)/web-libraries.stamp ## format, lint, types, import contracts, the house rules
	@mkdir -p $(REPORTS)
	$(MADE)/dev/bin/ruff format --check .
	$(MADE)/dev/bin/ruff check .
	$(DEV) -m mypy
	$(MADE)/dev/bin/lint-imports
	$(PYTEST) --junitxml=$(REPORTS)/tidy.xml tests/tidy
	$(NODE) run check

test-source: $(MADE)/dev/stockyard.stamp $(MADE)/node-clients.stamp $(MADE)/frameworks.stamp ## all suites, with the engine as plain Python from src
	@mkdir -p $(REPORTS)
	$(PYTEST_SHARED) --junitxml=$(REPORTS)/source.xml --ignore=tests/tidy tests

test-compiled: $(MADE)/dev/stockyard.stamp $(MADE)/compiled.stamp ## the engine's suites on the compiled wheel
	@mkdir -p $(REPORTS)
	@PYTHONPATH=$(COMPILED) $(DEV) -m tests.tidy.compiled && found=0 || found=$$?; \
	case $$found in \
	0) test -n "$(COMPILED_SUITES)" || { echo "No suite of the engine was found." >&2; exit 1; }; \
	  exec env PYTHONPATH=$(COMPILED) $(PYTEST_SHARED) --junitxml=$(REPORTS)/compiled.xml $(COMPILED_SUITES);; \
	1) echo "NOT RUN: the engine's suites on a compiled engine (no working C compiler)." >&2; \
	  test "$${CI:-}" != true;; \
	*) exit 1;; \
	esac

test-web: $(MADE)/dev/stockyard.stamp $(MADE)/web.stamp ## the web app: its units, its size, and itself in Chromium
	@mkdir -p $(REPORTS)
	$(NODE) run test -- --reporter=default --reporter=junit --outputFile=$(CURDIR)/$(REPORTS)/web.xml
	$(NODE) run budget
	@command -v "$${CHROMIUM:-/usr/bin/chromium}" > /dev/null || { \
	  echo "NOT RUN: the web app in a browser (no /usr/bin/chromium; CHROMIUM=/path names another)." >&2; \
	  test "$${CI:-}" != true; exit; }; \
	E2E_PYTHON=$(CURDIR)/$(DEV) $(NODE) run e2e

screenshots: $(MADE)/dev/stockyard.stamp $(MADE)/web.stamp ## pictures of every screen, into .make/screenshots
	@mkdir -p $(MADE)/screenshots
	@SCREENSHOTS=$(CURDIR)/$(MADE)/screenshots E2E_PYTHON=$(CURDIR)/$(DEV) $(NODE) run e2e -- screens

sim: $(MADE)/dev/stockyard.stamp ## simulate the whole process from SEED (1)
	@exec $(DEV) -m tests.simulation.run --seed "$(SEED)"

soak: $(MADE)/dev/stockyard.stamp $(MADE)/compiled.stamp ## the long forms of the crash and property suites, and STORIES (20000)
	PYTHONPATH=$(COMPILED) $(DEV) -m tests.simulation.run --seeds "$(STORIES)" --processes "$(WORKERS)"
	PYTHONPATH=$(COMPILED) $(DEV) -m pytest -v -n $(WORKERS) --dist worksteal --soak $(SOAK_SUITES)

bench: $(MADE)/dev/stockyard.stamp $(MADE)/compiled.stamp ## every benchmark, on the compiled engine
	@exec env PYTHONPATH=$(COMPILED) $(DEV) -m bench

bench-quick: $(MADE)/dev/stockyard.stamp $(MADE)/compiled.stamp ## the benchmarks in under a minute
	@exec env PYTHONPATH=$(COMPILED) $(DEV) -m bench --quick

docs: $(MADE)/dev/stockyard.stamp $(MADE)/web-libraries.stamp ## regenerate what is written from the code
	@$(DEV) scripts/docs.py
	@$(NODE) run --silent types

recorded: $(MADE)/dev/stockyard.stamp $(MADE)/compiled.stamp ## replay the recorded days in the folder LEAN, both engines
	@test -n "$(LEAN)" || { echo "Say where the recorded days are: make recorded LEAN=folder" >&2; exit 1; }
	@exec env STOCKYARD_COMPILED=$(COMPILED) $(DEV) -m tests.recorded --lean "$(LEAN)"

lock: ## choose versions anew: writes requirements/*.txt (needs uv)
	@choose() { $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' "$$@" > /dev/null; }; \
	choose pyproject.toml -o requirements/runtime.txt; \
	choose pyproject.toml --extra parquet --extra observe --extra dev -c requirements/runtime.txt -o requirements/dev.txt; \
	choose requirements/frameworks.in --no-deps -c requirements/dev.txt -o requirements/frameworks.txt; \
	$(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
	  | choose - -c requirements/dev.txt -o requirements/build.txt

clean: ## remove everything that was installed or built here (never the data)
	rm -rf .venv $(MADE) build dist src/*.egg-info web/node_modules $(NODE_CLIENTS)/node_modules $(WEB_DIST)

# What the verbs stand on.

$(MADE)/tools/tools.stamp: requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Stockyard needs Python 3.11 or newer; PYTHON=/path/to/python3 names one." >&2; exit 1; }
	@echo "Installing the build tools ..."
	@$(PYTHON) -m venv --clear $(MADE)/tools
	@$(INSTALL) install --require-hashes -r requirements/build.txt
	@touch $@

$(MADE)/web-libraries.stamp: web/package-lock.json web/.npmrc $(MADE)/tools/tools.stamp
	@echo "Installing what the web app is made of ..."
	@$(NODE) ci --ignore-scripts
	@touch $@

$(MADE)/node-clients.stamp: $(NODE_CLIENTS)/package-lock.json $(NODE_CLIENTS)/.npmrc $(MADE)/tools/tools.stamp
	@echo "Installing the clients in JavaScript that the API is tried with ..."
	@PATH="$(CURDIR)/$(MADE)/tools/bin:$$PATH" npm --prefix $(NODE_CLIENTS) --loglevel=error ci --ignore-scripts
	@touch $@

$(MADE)/frameworks.stamp: requirements/frameworks.txt $(MADE)/tools/tools.stamp
	@echo "Installing the bot framework that the API is tried with ..."
	@rm -rf $(FRAMEWORKS)
	@$(INSTALL) install --require-hashes --no-deps --target $(FRAMEWORKS) -r requirements/frameworks.txt
	@touch $@

# A machine without network still serves the API; CI must have the app.
$(MADE)/web.stamp: $(MADE)/tools/tools.stamp $(WEB_SOURCES) $(LISTING)
	@$(MAKE) --no-print-directory $(MADE)/web-libraries.stamp && echo "Building the web app ..." && \
	  $(NODE) run build > $(MADE)/web.log 2>&1 && touch $@ || { \
	  tail -n 20 $(MADE)/web.log >&2 || true; rm -rf $(WEB_DIST); \
	  echo "stockyard: without the web app, which could not be built here; the API is served" >&2; \
	  test "$${CI:-}" != true; }

$(MADE)/wheel.stamp: $(MADE)/tools/tools.stamp $(MADE)/web.stamp $(SOURCES) $(LISTING)
	@echo "Building the wheel ..."
	@rm -rf $(MADE)/stage $(MADE)/wheel; mkdir -p $(MADE)/stage
	@cp -R src LICENSE pyproject.toml setup.py MANIFEST.in $(wildcard README.md) $(MADE)/stage
	@rm -rf $(MADE)/stage/src/*.egg-info
	@$(TOOLS) -m pip wheel -v --disable-pip-version-check --no-input --no-deps --no-build-isolation \
	  --wheel-dir $(MADE)/wheel ./$(MADE)/stage > $(MADE)/wheel.log 2>&1 || { tail -n 40 $(MADE)/wheel.log >&2; exit 1; }
	@sed -n 's/^ *stockyard: \(.*\)/\1/p' $(MADE)/wheel.log
	@rm -rf $(MADE)/stage; touch $@

$(MADE)/compiled.stamp: $(MADE)/wheel.stamp
	@rm -rf $(COMPILED)
	@$(TOOLS) -m zipfile -e $(MADE)/wheel/*.whl $(COMPILED)
	@touch $@

.venv/runtime.stamp: requirements/runtime.txt $(MADE)/tools/tools.stamp
	@echo "Installing what Stockyard runs on ..."
	@$(PYTHON) -m venv --clear --without-pip .venv
	@$(INSTALL) --python .venv/bin/python install --require-hashes -r requirements/runtime.txt
	@touch $@

.venv/stockyard.stamp: .venv/runtime.stamp $(MADE)/wheel.stamp
	@$(INSTALL) --python .venv/bin/python install --no-deps --no-index --force-reinstall $(MADE)/wheel/*.whl
	@touch $@

$(MADE)/dev/libraries.stamp: requirements/dev.txt $(MADE)/tools/tools.stamp
	@echo "Installing what developers use ..."
	@$(PYTHON) -m venv --clear --without-pip $(MADE)/dev
	@$(INSTALL) --python $(DEV) install --require-hashes -r requirements/dev.txt
	@touch $@

$(MADE)/dev/stockyard.stamp: $(MADE)/dev/libraries.stamp pyproject.toml setup.py
	@STOCKYARD_PURE=1 $(INSTALL) --python $(DEV) install --no-deps --no-build-isolation --editable .
	@touch $@
