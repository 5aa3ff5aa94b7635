# What one does daily. Everything happens in .venv; nothing else of the machine is touched but EMPI_HOME (~/.empi).

PYTHON ?= python3
PYTEST_WORKERS ?= auto

BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help install demo up test test-long lint format bench clean

help:  ## What there is.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

install: $(INSTALLED)  ## Make .venv with the exact versions of constraints.txt.

demo: $(INSTALLED)  ## Match public benchmark data on embedded servers and compare with the truth.
	$(BIN)/empi demo

up: $(INSTALLED)  ## Run the pipeline with the Dagster UI; files moved into the inbox are matched.
	$(BIN)/empi up

test: $(INSTALLED)  ## The tests of every day, on a real PostgreSQL and a real S3 endpoint.
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal

test-long: $(INSTALLED)  ## The campaigns that take minutes.
	$(BIN)/python -m pytest -m long -n $(PYTEST_WORKERS) --dist worksteal

lint: $(INSTALLED)  ## Style and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED)  ## Put the code into its form.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)  ## Speed, scale and linkage quality.
	@for each in benchmarks/*/__main__.py; do $(BIN)/python -m benchmarks.$$(basename $$(dirname $$each)) || exit 1; done

clean:  ## Remove .venv and caches; EMPI_HOME stays.
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[demo,dev]'
	@touch $@
