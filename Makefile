# Penstock. `make` alone lists what there is; each target sets up what it needs and rebuilds only what changed.

PYTHON ?= python3
STAGE ?= dev
UV_VERSION := 0.13.9

UV := .cache/bootstrap/bin/uv
PY := .venv/bin/python
MEMBERS := $(patsubst %/pyproject.toml,%,$(wildcard layers/*/pyproject.toml edge/*/pyproject.toml cli/pyproject.toml))
NAMES := $(shell sed -n 's/^name = "\(.*\)"/\1/p' $(addsuffix /pyproject.toml,$(MEMBERS)))
GROUPS := deploy check test bench
DEFINITIONS := layers/healthcare/python/penstock_healthcare/fhir/definitions
FAST_TESTS := tests/unit tests/contract tests/functions tests/infra tests/conformance

# jsii says on each start that Node 20 has had its last release.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 1
export JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION := 1

.DEFAULT_GOAL := help
.PHONY: help setup run demo down test check lint bench deploy lock docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.synced .cache/ministack/.synced $(DEFINITIONS)/r4.definitions ## Install everything (only what changed)

run: setup ## Start the local AWS, deploy, send real messages through, stay up (Ctrl-C stops all)
	$(PY) -m penstock_cli.main run

demo: setup ## The same, without staying up; fails when any step fell short
	$(PY) -m penstock_cli.main demo

down: ## Stop the local AWS
	@if [ -x $(PY) ]; then $(PY) -m local down; fi

test: setup lint ## Run every check: lint, types, imports, all tests, end to end on the local AWS
	$(PY) -m pytest -n 2 --dist loadfile -m "not local" $(FAST_TESTS)
	$(PY) -m local during $(PY) -m pytest -m local tests/e2e tests/contract tests/infra

check: setup lint ## The fast inner loop: lint, types, imports, unit tests
	$(PY) -m pytest tests/unit

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: setup ## Measure, against the peers, on this machine
	$(PY) -m benchmarks

deploy: setup node_modules/.package-lock.json ## Deploy to the AWS account of your credentials: make deploy STAGE=dev
	node_modules/.bin/cdk deploy 'penstock-$(STAGE)/*' --context stage=$(STAGE)

docs: setup ## Check that the pages' links and commands lead somewhere
	$(PY) -m pytest tests/infra/test_documentation.py

lock: $(UV) ## Pin all dependencies anew, with hashes
	$(UV) pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" $(addprefix --no-emit-package ,$(NAMES)) $(addprefix --group ,$(GROUPS)) \
		$(addsuffix /pyproject.toml,$(MEMBERS)) pyproject.toml --output-file requirements.lock
	$(UV) pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" local/ministack.in --output-file local/ministack.lock

clean: down ## Remove what was built; keep what was installed
	rm -rf build cdk.out .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Penstock needs Python 3.11 or newer as $(PYTHON); name another by PYTHON=…"; exit 1; }
	@command -v node >/dev/null || { echo "Penstock needs Node.js 20 or newer (the CDK runs on it)"; exit 1; }
	@$(PYTHON) -m venv .cache/bootstrap \
		|| { rm -rf .cache/bootstrap; echo "On Debian, python3-venv is a package of its own: apt install python3-venv"; exit 1; }
	.cache/bootstrap/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.synced: requirements.lock pyproject.toml $(addsuffix /pyproject.toml,$(MEMBERS)) | $(UV)
	@[ -x $(PY) ] || $(UV) venv --python $(PYTHON) .venv
	$(UV) pip sync --require-hashes --python $(PY) requirements.lock
	$(UV) pip install --no-deps --python $(PY) $(addprefix --editable ,$(addprefix ./,$(MEMBERS)))
	@touch $@

.cache/ministack/.synced: local/ministack.lock | $(UV)
	@[ -x .cache/ministack/bin/python ] || $(UV) venv --python $(PYTHON) .cache/ministack
	$(UV) pip sync --require-hashes --python .cache/ministack/bin/python local/ministack.lock
	@touch $@

$(DEFINITIONS)/r4.definitions: node_modules/.package-lock.json $(DEFINITIONS)/build.py $(DEFINITIONS)/slimming.py $(DEFINITIONS)/artifact.py | .venv/.synced
	$(PY) -m penstock_healthcare.fhir.definitions.build node_modules/hl7.fhir.r4.examples

node_modules/.package-lock.json: package.json
	npm install --no-audit --no-fund --package-lock=false
	@touch $@
