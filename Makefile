# make demo      the embedded demo, on the backend named by KERAS_BACKEND
# make test      lint, types and the tests, once per backend
# make test-nightly  the core of the suite with keras-nightly
# make test-beam  synthetic sets by Apache Beam
# make test-oldest   the same with the oldest versions that are promised
# make test-newest   the same with the newest ones of the day
# make package   wheel and sdist, built and checked, in dist
# make mutants   one fault after the other, which the tests must catch
# make docs      the site, in build/docs; a warning is an error
# make docs EXECUTE=1  after executing all notebooks of docs/examples
# All create .venv and install into it what they need.

KERAS_BACKEND ?= tensorflow
BACKENDS ?= tensorflow jax torch
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# Python compiles what is imported, a small part of what is installed.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--no-compile --constraint constraints.txt

export TF_CPP_MIN_LOG_LEVEL ?= 3
# Where it is set, as in many containers, each process compiles all that it
# imports: four seconds for Keras and a backend.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-nightly test-beam test-oldest test-newest package \
	mutants docs lint types format clean

# Before anything is installed for it. Without a goal `make` makes the demo.
ifneq ($(filter demo,$(or $(MAKECMDGOALS),demo)),)
ifneq ($(words $(filter tensorflow jax torch,$(KERAS_BACKEND))),1)
$(error KERAS_BACKEND: expected one of tensorflow, jax, torch, received '$(KERAS_BACKEND)')
endif
endif

demo: .venv/.demo-$(KERAS_BACKEND)
	KERAS_BACKEND=$(KERAS_BACKEND) $(BIN)/python -m applications.demo $(ARGS)

test: .venv/.dev
	@BACKENDS="$(BACKENDS)" .ci/parts $(ARGS)

# The core: λ and its schedules, `fit` on pairs against steps by hand, how Keras
# updates values, callbacks and resuming, saving. What is left out depends little
# on Keras's trainer.
NIGHTLY_BACKENDS ?= jax torch
CORE := tests/layers tests/schedules tests/callbacks tests/streams/test_fit.py \
	tests/models/test_dann.py tests/models/test_saving.py \
	tests/models/test_freed.py tests/test_how_keras_updates_values.py

test-nightly: .venv-nightly/.dev
	@set -e; for backend in $(NIGHTLY_BACKENDS); do \
		echo "== keras-nightly, $$backend"; \
		KERAS_BACKEND=$$backend .venv-nightly/bin/python -m pytest \
			-m "not slow and not backend_free" $(or $(ARGS),$(CORE)); \
	done

# Apache Beam wants older versions of what the other tests are run with.
test-beam: .venv-beam/.dev
	KERAS_BACKEND=jax .venv-beam/bin/python -m pytest \
		$(or $(ARGS),tests/datasets/tfds/test_with_beam.py)

# One environment for each backend: together their newest versions may conflict.
# What came out is in docs/developers/releasing.md.
OLDEST := $(BACKENDS:%=oldest-%)
NEWEST := $(BACKENDS:%=newest-%)
.PHONY: $(OLDEST) $(NEWEST)

test-oldest: $(OLDEST)
test-newest: $(NEWEST)

$(OLDEST) $(NEWEST): %: .venv-%/.dev
	KERAS_BACKEND=$(lastword $(subst -, ,$@)) .venv-$@/bin/python -m pytest \
		-m "not slow and not backend_free" $(or $(ARGS),$(CORE))

package: .venv/.package
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

mutants: .venv/.dev
	$(BIN)/python -m tests.mutants $(ARGS)

docs: .venv/.docs$(if $(EXECUTE),-execute)
ifdef EXECUTE
	$(BIN)/python -m docs.examples.execute
endif
	$(BIN)/python -m sphinx -c docs -W --keep-going -q . build/docs
	@echo "The site: build/docs/docs/index.html"

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.dev
	$(BIN)/mypy

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-* build dist *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/.demo-%: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing keras-grl and $* into .venv, once: a minute or more"
	$(PIP) --editable ".[demo,$*]"
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[demo,dev,tensorflow,jax,torch]"
	@touch $@

.venv/.docs: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[docs,jax]"
	@touch $@

.venv-beam/.dev: pyproject.toml
	$(PYTHON) -m venv .venv-beam
	.venv-beam/bin/python -m pip install --quiet --no-compile \
		--editable ".[datasets,jax,tensorflow]" apache-beam pytest

.venv/.package: constraints.txt | $(BIN)/python
	$(PIP) build twine
	@touch $@

OF_TESTS := pydot "pytest>=8" scikit-learn

.venv-oldest-%/.dev: pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv .venv-oldest-$*
	.venv-oldest-$*/bin/python -m pip install --quiet --no-compile \
		--constraint constraints-oldest.txt --editable ".[$*]" $(OF_TESTS)
	@touch $@

.venv-newest-%/.dev: pyproject.toml
	$(PYTHON) -m venv .venv-newest-$*
	.venv-newest-$*/bin/python -m pip install --quiet --no-compile --upgrade \
		--editable ".[$*]" $(OF_TESTS)
	@touch $@

# The notebooks name JAX or PyTorch in their first cell.
.venv/.docs-execute: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[docs,jax,torch]"
	@touch $@

# keras-nightly has the files of keras: it comes last, and in its place. Always
# the newest one.
.venv-nightly/.dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-nightly
	.venv-nightly/bin/python -m pip install --quiet --no-compile \
		--constraint constraints.txt --editable \
		".[demo,dev,tensorflow,jax,torch]"
	.venv-nightly/bin/python -m pip uninstall --quiet --yes keras
	.venv-nightly/bin/python -m pip install --quiet --no-deps --pre \
		keras-nightly
	@touch $@
