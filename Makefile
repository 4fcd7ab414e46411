# The two commands: `make run` and `make test`. They need Python 3.11+ with venv, and make; uv is used where it is there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
RUN_STAMP := $(VENV)/.run-$(VERSION)
DEV_STAMP := $(VENV)/.dev-$(VERSION)
export UV_PYTHON_DOWNLOADS := never

.PHONY: run test test-all test-dask corpus parsers torture lint wheel-test lock clean

run: $(RUN_STAMP)
	@exec $(BIN)/wireroom run

# Twice as many at once as there are cores, since many wait for a clock or a server most of their time; the tests of one
# file stay together, since they share what was polled; the longest files are first (tests/conftest.py).
AT_ONCE = $(shell echo $$((2 * $$($(PYTHON) -c 'import os; print(len(os.sched_getaffinity(0)))'))))
test: $(DEV_STAMP)
	$(BIN)/python -m pytest -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder

test-all: $(DEV_STAMP)
	WIREROOM_TEST_ALL=1 $(BIN)/python -m pytest -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder

# The suites of the manners, the limits and the promise, and what is under way, with a cluster of two workers polling.
test-dask: $(DEV_STAMP)
	WIREROOM_ENGINE=dask $(BIN)/python -m pytest tests/test_behaviours_*.py tests/test_pipeline.py tests/test_kill.py \
	  tests/test_under_way.py tests/test_cluster.py tests/test_poll_batch.py

# feedparser's own test documents, which its source package has; the hash is among the pinned ones.
corpus: $(DEV_STAMP)
	@mkdir -p .corpus
	@sed -n '/^feedparser==/,/[^\]$$/p' requirements.txt > .corpus/wanted.txt
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --require-hashes \
	  --dest .corpus -r .corpus/wanted.txt
	@tar -xzf .corpus/feedparser-*.tar.gz -C .corpus

# Other feed parsers, of npm's, that must read what is published as feedparser does, and the checks of axe; pinned.
parsers: tests/parsers/node_modules
tests/parsers/node_modules: tests/parsers/package-lock.json
	cd tests/parsers && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch node_modules

torture: $(DEV_STAMP)
	WIREROOM_TEST_ALL=1 WIREROOM_KILLS=1000 WIREROOM_CUTS=10000 $(BIN)/python -m pytest tests/test_kill.py \
	  tests/test_kill_grouping.py tests/test_power_cuts.py tests/test_faults_disk.py tests/test_faults_signals.py tests/test_prune.py -s

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel-test: $(DEV_STAMP)
	$(BIN)/python tests/wheel.py

lock:
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
	  --quiet --output-file requirements.txt pyproject.toml
	uv pip compile --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
	  --quiet --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(RUN_STAMP): requirements.txt Makefile
	$(call install,requirements.txt)
	@touch $@

$(DEV_STAMP): requirements-dev.txt Makefile
	$(call install,requirements-dev.txt)
	@touch $@ $(RUN_STAMP)

# Makes .venv where there is none (or one of another Python), installs the pinned requirements, puts this tree on its
# path and writes the `wireroom` command.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Wireroom needs Python 3.11 or newer as $(PYTHON); name another: make PYTHON=python3.12 …" >&2; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(VERSION)")' || { \
	  rm -rf $(VENV); \
	  if command -v uv >/dev/null; then uv venv --quiet --python $(PYTHON) $(VENV); else $(PYTHON) -m venv $(VENV); fi; }
	@echo "installing $(1) into $(VENV)"
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1); \
	  else $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); fi
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "wireroom.pth").write_text(str(pathlib.Path.cwd()))'
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m wireroom "$$@"\n' > $(BIN)/wireroom && chmod +x $(BIN)/wireroom
endef
