# One command each; every target sets up what is missing first, and a second start finds nothing to do.
PYTHON ?= python3
BIN := .venv/bin
# Further arguments of the tests, as in: make test ARGS="-k queue"
ARGS ?=
# Test files that run at once; each hotline has ports and a data folder of its own. Calls mostly wait, so that three
# keep two cores busy.
WORKERS ?= 3

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo test again lint bench chaos setup clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

run: ## set up what is missing and run the hotline in the foreground
	@$(PYTHON) -m callcenter.bootstrap run && exec $(BIN)/callcenter run

demo: ## a hotline of its own with simulated citizens and seats
	@$(PYTHON) -m callcenter.bootstrap demo && exec $(BIN)/callcenter demo

test: ## set up, then lint, types, import rules and every test, with real calls
	@$(PYTHON) -m callcenter.bootstrap test
	@$(MAKE) --no-print-directory checks
	@exec $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not bench" $(ARGS)

again: ## what failed in the last run of the tests, one after the other
	@exec $(BIN)/python -m pytest --last-failed --last-failed-no-failures none -m "not bench" $(ARGS)

lint: ## style, types and import rules only
	@$(PYTHON) -m callcenter.bootstrap test
	@$(MAKE) --no-print-directory checks

.PHONY: checks
checks:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict callcenter/
	$(BIN)/lint-imports
	@if [ -f web/package.json ]; then npm --prefix web run --silent check; fi

bench: ## print the benchmarks
	@$(PYTHON) -m callcenter.bootstrap test
	@exec $(BIN)/python -m pytest -m bench -s tests/bench $(ARGS)

chaos: ## faults at random instants under load, and nobody lost: make chaos ARGS="--seed 1 --minutes 5"
	@$(PYTHON) -m callcenter.bootstrap test
	@exec $(BIN)/python tests/chaos/chaos_run.py $(ARGS)

setup: ## only set up: for running, and for the demo
	@$(PYTHON) -m callcenter.bootstrap demo

clean: ## remove what set-up made here; the hotline's data stay
	rm -rf .venv .asterisk .asterisk.part web/node_modules web/dist callcenter.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find callcenter tests -name __pycache__ -type d -prune -exec rm -rf {} +
