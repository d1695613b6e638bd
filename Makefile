# From a fresh clone: `make demo` or `make test`. Both set everything up first; a second run re-installs nothing.

PYTHON3 ?= $(shell command -v python3 || command -v python3.12 || command -v python3.13 || command -v python3.11)
TARGET ?=
BIN := .venv/bin
# One process for each core.
PARALLEL := -n auto --dist worksteal
# Real engines, editors and clients: two at a time, each with all the tests that share it (tests/lanes.py).
LANES := -n 2 --dist loadfile --no-loadscope-reorder
# Hundreds of tests start a Python. Where the environment has it keep no bytecode, each would compile this project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test check fast e2e format lock bench vsix docs clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 10

setup:  ## the environment .venv with every locked package (TARGET=cpu, gpu or base); nothing when up to date
	@test -n "$(PYTHON3)" || { echo "set-up failed: Python 3.11, 3.12 or 3.13 is needed and none was found" >&2; exit 1; }
	@$(PYTHON3) scripts/setup.py $(TARGET)

demo: setup  ## index this repository and print ghost text at a handful of places in it
	@$(BIN)/codeassist demo

test: check e2e  ## everything: style, types, fast tests, then real engine, editors and clients

check: setup  ## style, types and fast tests: before every commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q $(PARALLEL)

fast: setup  ## fast tests alone: seconds
	$(BIN)/pytest -q $(PARALLEL)

e2e: setup  ## tests with a real engine, editors and clients: minutes
	$(BIN)/pytest -q -m e2e $(LANES)

format: setup  ## put every file in its one layout
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: setup  ## write requirements/*.txt anew from the .in files (UPGRADE=1: newest versions)
	$(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

bench: setup  ## measure typing, index and start-up into bench/results/: minutes, on a quiet machine
	$(BIN)/python -m bench.typing_replay
	$(BIN)/python -m bench.index_speed
	$(BIN)/python -m bench.startup

quality: setup  ## measure how good suggestions are in REPOSITORIES="DIR...": a quarter of an hour
	$(BIN)/python -m bench.quality all $(REPOSITORIES)

vsix:  ## the VS Code extension, extension-config/vscode/codeassist-*.vsix (Node 20 or newer)
	cd extension-config/vscode && npm install && npm run package

docs: setup  ## write the generated parts of README.md and the model card anew
	$(BIN)/python -m scripts.docs

clean:  ## remove the environment and every cache
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
