# make setup | demo [ONCE=1] | check | test | bench | lock
PYTHON ?= python3
BIN := .venv/bin
export ONCE

.PHONY: setup setup-dev demo check test lint test-sqlite test-postgres test-slow test-browser bench lock

# Every recipe that starts something is exec'ed, so that it sees when make itself is killed.
setup:
	@exec $(PYTHON) scripts/setup.py requirements.txt

setup-dev:
	@exec $(PYTHON) scripts/setup.py requirements-dev.txt

demo: setup
	@exec $(BIN)/python -m examples.demo

# What to run while you work.
check: setup-dev
	@$(MAKE) --no-print-directory lint test-sqlite

# Everything.
test: setup-dev
	@$(MAKE) --no-print-directory lint test-sqlite test-postgres test-slow test-browser

lint: export SIGNALMAN_SECRET_KEY := lint
lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m scripts.check_words
	git ls-files -z -- 'templates/*.html' | xargs -0 -r $(BIN)/djade --check --target-version 5.2
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check --dry-run
	SIGNALMAN_HTTPS=1 SIGNALMAN_SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

test-sqlite test-postgres test-slow test-browser: export SIGNALMAN_SECRET_KEY := test
test-sqlite:
	$(BIN)/pytest -q -n 2 -m "not slow"

# Once more on PostgreSQL: the rooms that keep rows.
NO_ROWS := arm localazure programs validation
test-postgres:
	$(BIN)/python scripts/with_postgres.py $(BIN)/pytest -q -n 2 -m "not slow" \
		$(NO_ROWS:%=--ignore=tests/%)

# Whole programs that wait for each other, mostly: more of them at once than there are cores. In
# their order: xdist would leave the longest files, which have few tests, for the end.
test-slow:
	$(BIN)/pytest -q -n 4 --dist loadfile --no-loadscope-reorder -p no:randomly \
		-m "slow and not browser"
	$(BIN)/python scripts/with_postgres.py $(BIN)/pytest -q -m slow tests/api

# SIGNALMAN_SCREENSHOTS=docs/images takes the documentation's pictures anew.
test-browser:
	chromium=$$($(BIN)/python scripts/browser.py) && \
		SIGNALMAN_CHROMIUM="$$chromium" \
		$(BIN)/pytest -q -n 2 --dist loadfile -m browser tests/browser

bench: setup-dev
	@exec $(BIN)/python -m benchmarks

# Pins what the .in files ask for, for every supported Python.
lock: setup-dev
	for file in requirements requirements-otel requirements-dev; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --generate-hashes \
			$$file.in --output-file $$file.txt; done
