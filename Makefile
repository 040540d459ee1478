# Everything a newcomer needs: `make demo` shows the real thing, `make test` checks it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check clean web

$(VENV)/demo-ready: pyproject.toml bundled.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[gguf]'
	$(PIP) --no-deps -r bundled.txt
	touch $@

$(VENV)/dev-ready: pyproject.toml constraints.txt bundled.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e '.[dev]'
	$(PIP) --no-deps -r bundled.txt
	touch $@

demo: $(VENV)/demo-ready
	$(BIN)/cladist demo --out demo-output

test: $(VENV)/dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

# The page of the atlas, which is committed; only a change of web/ needs this.
web:
	cd web && npm ci --no-audit --no-fund && npm run build

clean:
	rm -rf $(VENV) demo-output
