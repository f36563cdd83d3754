# Two commands do everything on a machine with Python 3.11 or newer and make: `make run` and `make test`.

PYTHON ?= python3
PORT ?= 8000
DATA ?= ./data
ARGS ?=

bin := .venv/bin

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help run test test-sdks test-examples check docs pictures format lock torture bench clean setup-server setup-dev

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  options:       PYTHON=python3.12  PORT=8000  DATA=./data  ARGS="tests/test_house.py -k names"'

run: setup-server ## start the server on http://127.0.0.1:8000, data in ./data (PORT=, DATA=, ARGS=)
	@exec $(bin)/livethread serve --host 127.0.0.1 --port '$(PORT)' --data '$(DATA)' $(ARGS)

test: setup-dev ## run every test (ARGS= goes to pytest)
	@exec $(bin)/pytest $(ARGS)

test-sdks: setup-dev ## run the whole SDK matrix: every version of the official SDKs against every call (ARGS= goes to pytest)
	@exec $(bin)/pytest -m '' tests/matrix tests/clients/test_js.py tests/sdk/test_chat_completions.py $(ARGS)

test-examples: setup-dev ## install each example as its README says, and drive it in a browser (ARGS= goes to pytest)
	@scripts/system-packages examples
	@exec $(bin)/pytest -m '' --timeout 400 tests/examples tests/docs tests/sse $(ARGS)

check: setup-dev ## format, lint, types and import arrows, in seconds
	@$(bin)/ruff format --check --quiet --output-format concise . || { echo 'Some files are not formatted: make format'; exit 1; }
	@$(bin)/ruff check --quiet .
	@$(bin)/mypy --no-error-summary
	@$(bin)/lint-imports --no-logo

docs: setup-dev ## build the documentation into ./site, with every link and anchor checked
	@NO_MKDOCS_2_WARNING=1 $(bin)/mkdocs build --strict
	@echo 'Open site/index.html'

pictures: setup-dev ## make the pictures in docs/pictures anew, of the real pages
	@$(bin)/python -m scripts.pictures

format: setup-dev ## format the code and apply the safe fixes
	@$(bin)/ruff check --fix-only --quiet .
	@$(bin)/ruff format .

lock: setup-dev ## lock the dependencies again, with hashes (UPGRADE=1 takes the newest, UPGRADE=name one)
	@scripts/lock '$(UPGRADE)'

torture: setup-dev ## run the tests marked `torture` at full length (ARGS= goes to pytest)
	@TORTURE=1 $(bin)/pytest -m torture --timeout 1800 $(ARGS)

bench: setup-dev ## run the benchmarks (ARGS= goes to them)
	@$(bin)/python -m benchmarks $(ARGS)

clean: ## remove everything that set-up and tests made; your data stays
	rm -rf .venv .sdks .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist site
	rm -rf tests/node/node_modules tests/matrix/node/*/node_modules clients/js/node_modules clients/js/dist web/node_modules src/livethread/page/built
	rm -rf examples/*/node_modules examples/*/dist examples/*/build examples/*/.next examples/*/.react-router examples/nextjs/next-env.d.ts examples/flask/react/node_modules examples/flask/react/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-server:
	@scripts/setup server

setup-dev:
	@scripts/setup dev
