# On a bare machine: `make demo` shows it at work, `make test` tests it. Each makes .venv by itself.

.PHONY: setup demo test check
.DEFAULT_GOAL := setup

VENV := .venv
INSTALLED := $(VENV)/.installed

# The first Python that is new enough; `make PYTHON=... setup` takes another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c "$(NEW_ENOUGH)" 2>/dev/null && { echo $$p; break; }; done)

# Processes that share the tests; each takes some 3 GB.
TEST_PROCESSES ?= 2

# An index with CPU builds of torch; where pip's own has CUDA builds, it saves gigabytes.
TORCH_INDEX ?=

setup: $(INSTALLED)

demo: $(INSTALLED)
	$(VENV)/bin/navworld demo

test: $(INSTALLED)
	$(VENV)/bin/python -m pytest -n $(TEST_PROCESSES) --dist worksteal

check: $(INSTALLED)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m pytest -q tests/test_layering.py

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "navworld needs Python 3.11 or newer: install it, or name it with PYTHON="; exit 1; }
	@echo "Installing navworld and what it needs into $(VENV): some minutes, the first time only."
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --constraint constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	@$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@
