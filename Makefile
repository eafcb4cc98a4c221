# Thin: every target is one command that can be typed by hand. The only thing a machine needs is Python 3.11 or newer:
# `make test` makes .venv and puts into it what is pinned, with hashes, in requirements/.
#   make test PYTHON=python3.13 ARGS="-k contexts -x"

PYTHON ?= python3
ARGS ?=
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# One worker per core; tests that are marked as one group stay on one worker.
WORKERS ?= auto
# What the real node takes, as Debian calls it; tests/cluster/node/parts.py says what else.
NODE_PACKAGES := containerd runc containernetworking-plugins busybox-static

PLUGINS := plugins/cluster plugins/contexts plugins/resources plugins/pods plugins/snapshot plugins/testing plugins/valkey
PYPROJECTS := pyproject.toml $(PLUGINS:=/pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-node test-load node redis coverage lint format build test-packaging tox inspector cluster cluster-down snapshot-table bench lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

$(VENV)/.installed: requirements/test.txt $(PYPROJECTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13")'
	$(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --require-hashes -r requirements/test.txt
	$(PY) -m pip install --quiet --no-deps --no-build-isolation -e . $(addprefix -e ,$(PLUGINS))
	$(PY) -m pip check
	@touch $@

venv: $(VENV)/.installed ## .venv with pinned requirements, the host and the plugins (editable)

demo: venv ## this server at work, in a cluster of files: what it lists, finds and would change; ARGS=--http
	$(BIN)/mcp-kubernetes demo $(ARGS)

test: venv ## every test; ARGS="-k x" goes to pytest
	$(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

node: ## what a real node for tests takes, from Debian's packages, as root: containerd, runc, CNI plugins, busybox
	@dpkg --status $(NODE_PACKAGES) >/dev/null 2>&1 || { \
	  apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends $(NODE_PACKAGES); }

redis: ## a server for tests of the plugin valkey, from Debian's package, as root; the tests start it themselves
	@command -v valkey-server >/dev/null || command -v redis-server >/dev/null || { \
	  apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends redis-server; }

test-node: venv ## what takes minutes at the real node; the smaller siblings of these are in `make test`
	$(PY) -m pytest -m load tests/pods $(ARGS)

test-load: venv ## many users and many sessions over HTTP, for minutes; the smaller siblings are in `make test`
	$(PY) -m pytest -m load tests/http $(ARGS)

coverage: venv ## the same, with branch coverage shown
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --cov --cov-report=term $(ARGS)

lint: venv ## ruff, mypy --strict, the import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: venv ## what ruff can put right by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

build: venv ## wheels of the host, each plugin and the example into dist/, without an index
	rm -rf dist
	$(PY) -m pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir dist . $(addprefix ./,$(PLUGINS))
	$(PY) -m pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir dist/third_party ./examples/third_party
	@ls -1 dist/*.whl dist/third_party/*.whl

test-packaging: venv ## build the wheels, install them by name into fresh environments, run what was installed
	$(PY) -m pytest -m packaging tests/distributions $(ARGS)

tox: build ## each plugin alone in its own environment, against wheels; ARGS="-e plugin-contexts"
	$(BIN)/tox run $(ARGS)

inspector: venv ## the official MCP Inspector into tests/inspector/node_modules
	$(PY) -m tests.inspector.install

cluster: venv ## start a real cluster for hand work; prints its kubeconfig's path
	$(PY) -m tests.cluster up

cluster-down: venv ## end it
	$(PY) -m tests.cluster down

snapshot-table: venv ## record what the plugin snapshot knows of the built-in kinds, from the test bed's API server
	$(PY) -m tests.snapshot

bench: venv ## measure, each figure as a ratio against a floor or a peer
	$(PY) -m bench $(ARGS)

lock: | $(BIN)/tox ## pin requirements/*.in anew; ARGS=--upgrade for newer versions
	$(BIN)/tox run -e lock -- $(ARGS)

# Not the whole environment: it lacks what is about to be pinned.
$(BIN)/tox:
	$(MAKE) venv

clean: ## everything that make and tox made here
	rm -rf $(VENV) .tox dist build .coverage .coverage.* htmlcov .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	rm -rf tests/*/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
