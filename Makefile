# The whole set-up is `make demo` or `make test`; both make .venv first if it is not there.
# A smaller torch: TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu make setup
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: setup demo check test test-slow bench bench-quick accept help

BIN := .venv/bin
READY := .venv/.ready

setup: $(READY) ## make .venv with the pinned set (TORCH_INDEX_URL: an index for CPU builds of torch)

$(READY): constraints.txt pyproject.toml .ci/setup.sh
	@.ci/setup.sh

demo: $(READY) ## from the sample table to a decision: verdict and paths
	$(BIN)/privsynth run sample_data/release.yaml --force

check: $(READY) ## formatting, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict privsynth
	$(BIN)/python -m pytest -q tests/test_layers.py

test: $(READY) ## all tests but the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadfile -rs

test-slow: $(READY) ## all tests, the slow ones too
	$(BIN)/python -m pytest -n 2 -m ""

bench: $(READY) ## measure speed and pass rates; results lie beside the scripts in benchmarks/
	@set -e; for script in benchmarks/*.py; do echo "$$script"; $(BIN)/python "$$script"; done

bench-quick: $(READY) ## the neighbour search beside scikit-learn and faiss, under 3 minutes
	$(BIN)/python benchmarks/neighbours.py --quick

accept: $(READY) ## rewrite the golden files of the tests; review them as a diff
	PRIVSYNTH_ACCEPT=1 $(BIN)/python -m pytest -n 2 --dist loadfile

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile
