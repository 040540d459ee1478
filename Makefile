# Everything a newcomer needs: `make demo` shows the real thing, `make test` checks it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test types suite clean web reference docs wheel coverage

$(VENV)/demo-ready: pyproject.toml bundled.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[arrow,gguf,plots,trees]'
	$(PIP) --no-deps -r bundled.txt
	touch $@

$(VENV)/dev-ready: pyproject.toml constraints.txt bundled.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e '.[dev]'
	$(PIP) --no-deps -r bundled.txt
	touch $@

demo: $(VENV)/demo-ready
	$(BIN)/cladist lab demo --out demo-output

test: $(VENV)/dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(MAKE) --jobs 2 types suite

types: $(VENV)/dev-ready
	$(BIN)/mypy

# A file of tests stays with one worker, and those marked long begin first.
suite: $(VENV)/dev-ready
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

# The reference of all commands and the manual page, which are committed; a test compares.
reference: $(VENV)/dev-ready
	$(BIN)/python -m cladist.cli.manual docs/cli.md docs/cladist.1

# The site, from docs/ and from docstrings; nothing is fetched while it is built, and a link that
# leads nowhere stops it.
$(VENV)/docs-ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[docs]'
	touch $@

docs: $(VENV)/docs-ready
	$(BIN)/mkdocs build --strict --quiet

# Wheel and source as they are shipped, and whether they hold what they should.
wheel: $(VENV)/dev-ready
	$(PIP) build
	$(BIN)/python -m build --outdir dist
	$(BIN)/python scripts/check_wheel.py dist

# Branch coverage of the tests, by file.
coverage: $(VENV)/dev-ready
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine
	$(BIN)/coverage report

# The page of the atlas, which is committed; only a change of web/ needs this.
web:
	cd web && npm ci --no-audit --no-fund && npm run build

clean:
	rm -rf $(VENV) demo-output dist site
