# Every word here is a thing you can do; `make help` lists them.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip -q
ARGS ?=
STREAMS ?= 100000
# LightGBM's threads spin when cores are shared; one is enough for what runs here.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check parity bench screenshots format lock clean

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with every locked dependency

$(STAMP): requirements.lock pyproject.toml clients/python/pyproject.toml deploy/system-packages.sh
	@sh deploy/system-packages.sh run
	@test -n "$(PYTHON)" || { echo "Lastcall needs Python 3.11, 3.12 or 3.13 on the PATH"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "this Python cannot make environments; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "installing the locked dependencies (about a minute)"
	@# `phone` and `pyattest` have no wheel: plain Python, built by the locked setuptools in a second step.
	@awk '/^[a-z]/ {skip = /^(phone|pyattest)==/} !skip' requirements.lock > $(VENV)/wheels.txt
	@$(PIP) install --no-deps --require-hashes --only-binary :all: -r $(VENV)/wheels.txt
	@$(PIP) install --no-deps --require-hashes --no-build-isolation -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e . -e clients/python
	@touch $(STAMP)

demo: $(STAMP) ## the whole story on this machine, from nothing to a blocked malicious closure
	@$(BIN)/lastcall demo $(ARGS)

serve: $(STAMP) ## answer requests until told to stop
	@$(BIN)/lastcall serve $(ARGS)

test: $(STAMP) ## every test, on real servers that the tests start themselves
	@sh deploy/system-packages.sh test
	@# A file's tests stay together, so that its servers are started once.
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(STAMP) ## format, lint, types, import contracts
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

parity: $(STAMP) ## the window engines against a naive judge: make parity STREAMS=100000
	@$(BIN)/python -m bench.parity --streams $(STREAMS)

bench: $(STAMP) ## what the replay costs beside polars and DuckDB: make bench ARGS=--large
	@$(BIN)/python -m bench.replay $(ARGS)

format: $(STAMP) ## put the code into its form
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check -q --fix .

screenshots: $(STAMP) ## write every page of the console, both languages, light and dark, into build/screenshots
	@sh deploy/system-packages.sh test
	@$(BIN)/python -m tests.console.shots build/screenshots

lock: ## resolve dependencies anew into requirements.lock
	@test -n "$(PYTHON)" || { echo "Lastcall needs Python 3.11, 3.12 or 3.13 on the PATH"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --only-binary :all: --no-binary phone --no-binary pyattest --extra dev --upgrade -o requirements.lock pyproject.toml

clean: ## remove what setup and the checks made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis
