# Two commands matter: `make demo` and `make test`. Both set up what is missing first (deploy/setup).

SHELL := /bin/bash
PORT ?= 8000
PYTHON := .venv/bin/python
.DEFAULT_GOAL := help

.PHONY: help setup setup-dev demo run mail test lint format bench docs clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what running needs
	@deploy/setup

setup-dev: ## install what developing and testing need
	@deploy/setup --dev

demo: setup ## start web, worker and beat with demo people and data (PORT=8000)
	@exec $(PYTHON) deploy/serve.py --demo --port $(PORT)

run: setup ## the same without the demo data
	@exec $(PYTHON) deploy/serve.py --port $(PORT)

mail: ## print the newest mail the demo has sent
	@exec $(PYTHON) deploy/newest_mail.py

test: setup-dev ## run every test: SQLite, PostgreSQL and Redis, real parts, browser
	@exec $(PYTHON) deploy/run_tests.py

lint: setup-dev ## check style, types, imports and templates
	@exec $(PYTHON) deploy/lint.py

format: setup-dev ## rewrite the code in the house style
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

bench: setup-dev ## measure speed and memory; prints a table, writes var/bench.json
	@exec $(PYTHON) -m tests.benchmarks.run

docs: setup-dev ## check that the documents name only what exists
	@exec $(PYTHON) -m pytest -q -n 0 tests/guards/test_documents.py

clean: ## remove what was installed and made here, the demo's data included
	rm -rf .venv node_modules var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
