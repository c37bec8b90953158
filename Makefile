# make setup | demo [ONCE=1] | check | test | docs | reference | bench | lock | sbom | audit
PYTHON ?= python3
BIN := .venv/bin
export ONCE

.PHONY: setup setup-dev programs demo check test lint test-quick test-sqlite test-postgres test-slow \
	test-browser docs site reference bench lock

# Recipes that start programs use exec, so that they notice when make is killed.
setup:
	@exec $(PYTHON) scripts/setup.py requirements.txt

setup-dev:
	@exec $(PYTHON) scripts/setup.py requirements-dev.txt

demo: setup
	@exec $(BIN)/python -m examples.demo

# What to run while you work. -O: each target's output in one piece.
check: setup-dev
	@$(MAKE) --no-print-directory -j 2 -O lint test-quick

# Everything, one suite after the other: a browser beside other programs waits too long.
test: setup-dev programs
	@$(MAKE) --no-print-directory lint test-sqlite test-postgres test-browser test-slow

# Installs the programs that tests start, or names those that are missing.
programs: setup-dev
	@exec $(BIN)/python scripts/programs.py

lint: export SIGNALMAN_SECRET_KEY := lint
lint: site
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m scripts.check_words
	git ls-files -z -- 'templates/*.html' | xargs -0 -r $(BIN)/djade --check --target-version 5.2
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check --dry-run
	SIGNALMAN_HTTPS=1 SIGNALMAN_SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

test-quick test-sqlite test-postgres test-slow test-browser: export SIGNALMAN_SECRET_KEY := test
# Seven of ten tests, in a third of the time, and fewer examples for each property.
test-quick:
	$(BIN)/pytest -q -n 2 -m "not slow and not azure" --hypothesis-profile quick

test-sqlite:
	$(BIN)/pytest -q -n 2 -m "not slow"

# Again on PostgreSQL: the tests that use the database, as tests/conftest.py marks them.
test-postgres:
	$(BIN)/python scripts/with_postgres.py $(BIN)/pytest -q -n 2 \
		-m "database and (not slow or postgres)"

# More workers than cores, because most of them wait. In file order: xdist would start the longest
# files, which have few tests, last.
test-slow:
	$(BIN)/pytest -q -n 4 --dist loadfile --no-loadscope-reorder -p no:randomly \
		-m "slow and not browser"

# SIGNALMAN_SCREENSHOTS=docs/images updates the documentation's screenshots.
test-browser:
	chromium=$$($(BIN)/python scripts/browser.py) && \
		SIGNALMAN_CHROMIUM="$$chromium" \
		$(BIN)/pytest -q -n 2 --dist loadfile -m browser tests/browser

# Every package that an installation may contain, as CycloneDX: make sbom SBOM=FILE
.PHONY: sbom audit
SBOM ?= var/sbom.json
sbom:
	@mkdir -p "$(dir $(SBOM))"
	@cat requirements.txt requirements-otel.txt | grep -v '^-r' | $(BIN)/cyclonedx-py requirements \
		--pyproject pyproject.toml --output-reproducible --of JSON -o "$(SBOM)" -

# Known vulnerabilities of the pinned packages. Asks the advisories of the package index, which
# mirrors of it do not have; so `make test` does not run it, and the workflow does.
audit: setup-dev
	for file in requirements requirements-otel requirements-dev; do \
		$(BIN)/uv tool run --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes \
			--requirement $$file.txt || exit 1; done

# Replays recordings of Azure against Local Azure: make conformance RECORDINGS=FOLDER
.PHONY: conformance
conformance: export SIGNALMAN_SECRET_KEY := test
conformance: setup-dev
	@test -n "$(RECORDINGS)" || { echo "usage: make conformance RECORDINGS=FOLDER"; exit 2; }
	@exec $(BIN)/python -m tests.conformance.recordings "$(RECORDINGS)"

# The documentation, into var/docs. Warnings are errors: a link or an anchor that leads nowhere, a page
# in no table of contents.
docs: setup-dev site

site:
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky docs var/docs

# Writes the pages of docs/reference that are generated from the code.
reference: setup-dev
	@exec $(BIN)/python -m scripts.reference

bench: setup-dev
	@exec $(BIN)/python -m benchmarks

# Pins the requirements of the .in files for every supported Python.
lock: setup-dev
	for file in requirements requirements-otel requirements-dev; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --generate-hashes \
			$$file.in --output-file $$file.txt; done
