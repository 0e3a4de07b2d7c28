# Everything a developer does here. Bare `make` lists it.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bugsink docs fmt clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/ready ## see a real program's real exception arrive in the local inbox
	@$(BIN)/python scripts/demo

test: .venv/ready ## run the tests
	$(BIN)/python -m pytest

check: .venv/ready ## lint, types, layering
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/ready ## measure against sentry-sdk and rewrite the table in docs/performance.md
	$(BIN)/python scripts/bench

bugsink: .venv/ready ## show that a server nobody here wrote takes the demo's events
	$(BIN)/python scripts/bugsink

docs: .venv/ready ## rewrite the pages that are made from code
	$(BIN)/python scripts/write_options_doc
	WRITE_TESTED=1 $(BIN)/python -m pytest -q tests/web tests/test_oldest_versions.py -k version
	$(BIN)/python scripts/write_integrations_doc

fmt: .venv/ready ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove everything that the targets above made
	rm -rf .venv .cache build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: setup.py pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
