# make lab    open JupyterLab on the tour
# make test   what the tests of every change run: ruff, mypy, pytest
# Both make .venv when it is missing and install again only when the packaging files change.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGING := pyproject.toml constraints.txt $(wildcard share/jupyter/*/kkernel/*) \
    $(wildcard share/jupyter/*/kkernel/*/*)

# One thread per process: seeded results do not depend on the machine's core count, and the
# test processes do not fight for cores.
export OMP_NUM_THREADS ?= 1

# In a container one is often root, which JupyterLab wants confirmed.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: lab test lint clean

lab: $(VENV)/.lab-installed
	@unset OMP_NUM_THREADS; $(BIN)/jupyter lab $(AS_ROOT) notebooks/00_tour.ipynb

test: lint
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.test-installed
	@$(BIN)/ruff check .
	@$(BIN)/mypy

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.test-installed: $(BIN)/python $(PACKAGING)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[test]'
	@touch $@ $(VENV)/.lab-installed

$(VENV)/.lab-installed: $(BIN)/python $(PACKAGING)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[lab]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
