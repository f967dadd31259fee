# make demo   everything from nothing to a running server with four purchases made (DEMO_FLAGS=--exit: and ends)
# make test   format, lint, types, layers and all tests
# make check  the same without the tests
# make sdk    the TypeScript client, built (needs Node.js 18 or newer and npm)
# make clients  both clients written anew from the OpenAPI document, and built
# make accessibility  the browser tests, and the figures of the accessibility statement (BROWSER_MATRIX=all: each view)
# make bench  the benchmarks (BENCH_QUICK=1 for a short run)
# make setup  .venv alone
# make lock   write requirements/*.txt anew (needs uv; LOCK_FLAGS=--upgrade for newer versions)
# make clean  remove what the other targets made

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SUITABLE := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUITABLE)' 2>/dev/null && echo $$python && break; done)
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet
SDK := clients/typescript
DEMO_FLAGS ?=
LOCK_FLAGS ?=

# Compiled modules are kept, whatever the machine says: a run of the tests starts hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo setup test check style types layers sdk clients accessibility bench lock clean

demo: setup
	@$(BIN)/python -m parcela.demo $(DEMO_FLAGS)

setup: $(READY)

$(READY): requirements/all.txt pyproject.toml clients/python/pyproject.toml
	@$(if $(PYTHON),,echo "Parcela needs Python 3.11 or newer; none was found on PATH. Install one," \
		"or name one: make PYTHON=/path/to/python3"; exit 1)
	@$(PYTHON) -c '$(SUITABLE)' || { echo "Parcela needs Python 3.11 or newer; $(PYTHON) is older."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python cannot make a virtual environment. On Debian or Ubuntu: apt-get install python3-venv"; \
		exit 1; }
	@echo "Installing Python packages into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/all.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		-e . -e clients/python
	@touch $@

# Many tests wait, for deadlines and for processes: more workers than processors. Which tests stay together
# is said in tests/conftest.py.
test: setup
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check sdk
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --ignore=tests/architecture

check: style types layers

style: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: setup
	$(BIN)/mypy src/parcela bench
	$(BIN)/mypy clients/python/src/parcela_client

layers: setup
	$(BIN)/pytest tests/architecture

sdk: $(SDK)/dist/index.js

$(SDK)/node_modules: $(SDK)/package.json $(SDK)/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "The TypeScript client needs Node.js 18" \
		"or newer and npm. On Debian or Ubuntu: apt-get install nodejs npm"; exit 1; }
	@echo "Installing the compiler of the TypeScript client ..."
	@cd $(SDK) && npm ci --silent --ignore-scripts
	@touch $@

$(SDK)/dist/index.js: $(SDK)/node_modules $(SDK)/tsconfig.json $(wildcard $(SDK)/src/*.ts)
	@cd $(SDK) && npm run --silent build
	@touch $@

clients: setup $(SDK)/node_modules
	$(BIN)/python -m clients.refresh
	@$(MAKE) --no-print-directory sdk

accessibility: setup
	ACCESSIBILITY_RECORD=1 $(BIN)/pytest tests/browser/test_checkout_page.py

bench: setup
	@$(BIN)/python -m bench

lock:
	$(LOCK) $(LOCK_FLAGS) pyproject.toml -o requirements/runtime.txt
	$(LOCK) $(LOCK_FLAGS) pyproject.toml --extra demo --extra dev -c requirements/runtime.txt -o requirements/all.txt

clean:
	rm -rf $(VENV) $(SDK)/node_modules $(SDK)/dist bench/out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests bench clients -name __pycache__ -type d -prune -exec rm -rf {} +
