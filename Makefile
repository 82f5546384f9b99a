# make demo   the thread's question, on every core there is
# make test   everything the project promises, checked
# Both set up .venv themselves; nothing is installed outside this directory.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check -qq
DATA ?= ../shared/data/blocks

.PHONY: help demo test golden report report-check browser dask notebooks man \
  completions ring0-check lint format types bench versions validate ablation folds \
  vmlinux-check kernel-tree-check llvm-mca-check nightly oracle-nightly sanitize fuzz \
  headers clean

help:
	@sed -n 's/^# make/make/p' Makefile
	@echo 'also: lint format types bench versions validate ablation folds vmlinux-check' \
	  'kernel-tree-check golden report report-check browser dask notebooks man' \
	  'completions ring0-check nightly sanitize fuzz headers clean'

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'costmodel needs Python 3.11 or later: make PYTHON=...' >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The simulator is built by the install: again when a source of it changes.
$(VENV)/runtime: $(VENV)/created pyproject.toml hatch_build.py \
    $(wildcard costmodel/engine/sim/*.[ch] costmodel/measure/native/*.[ch])
	@echo 'setting up $(VENV) ...' >&2
	@$(PIP) install --editable .
	@$(PY) -m compileall -q costmodel
	@touch $@

$(VENV)/dev: $(VENV)/runtime
	@echo 'setting up the test tools in $(VENV) ...' >&2
	@$(PIP) install --editable '.[dev]'
	@touch $@

demo: $(VENV)/runtime
	@$(PY) -m costmodel demo

test: $(VENV)/dev
	@$(PY) -m pytest -n auto -m 'not nightly'

nightly: $(VENV)/dev
	@$(PY) -m pytest -m nightly

# The simulator against the cycle-by-cycle oracle on ORACLE_CASES random traces (300,000
# if not said), from ORACLE_SEED on, on all CPUs.
oracle-nightly: $(VENV)/dev
	@seed=$${ORACLE_SEED:-$$(date +%s)}; echo "first seed $$seed"; \
	  ORACLE_SEED=$$seed $(PY) -m pytest -n auto -m nightly tests/engine/test_oracle.py

# Random cases and nonsense through a simulator built with address and
# undefined-behaviour sanitizers, for SANITIZE seconds.
SANITIZE ?= 40
sanitize: $(VENV)/dev
	@$(PY) tools/sanitize.py $(SANITIZE)

# FUZZ_CASES hostile inputs of every kind: a message for each, no traceback, no hang.
fuzz: $(VENV)/dev
	@$(PY) -m tests.fuzz --cases $${FUZZ_CASES:-100000} \
	  $${FUZZ_SEED:+--seed $$FUZZ_SEED}

# The C headers, schema and tables that follow from the declarations of figures.
headers: $(VENV)/runtime
	@$(PY) -m costmodel.engine.headers

# Stored outputs under tests/golden, rewritten from what the program prints now.
golden: $(VENV)/dev
	@COSTMODEL_GOLDEN=write $(PY) -m pytest tests/views tests/docs tests/test_readme.py \
	  tests/test_same_bytes.py

# The study of the thread on every core, as committed in docs/top-of-stack.
report: $(VENV)/runtime
	@$(PY) tools/report.py

# That a rerun gives the same bytes.
report-check: $(VENV)/runtime
	@$(PY) tools/report.py --check

# The page of one estimate in headless Chromium (Debian: apt-get install chromium).
browser: $(VENV)/dev
	@COSTMODEL_BROWSER=1 $(PY) -m pytest tests/views/test_browser.py

# Draws on a local Dask cluster of two workers.
dask: $(VENV)/dev
	@$(PIP) install --editable '.[dask]'
	@COSTMODEL_DASK=1 $(PY) -m pytest tests/studies/test_dask.py

# The .ipynb files from the scripts beside them.
notebooks: $(VENV)/dev
	@$(PY) tools/notebooks.py

man: $(VENV)/dev
	@$(PY) tools/manual.py man

completions: $(VENV)/dev
	@$(PY) tools/manual.py completions

# Ring 0 end to end in QEMU: a Debian kernel with KVM inside, 100 MB the first time.
ring0-check: $(VENV)/runtime
	@$(PY) tools/ring0_check.py

lint: $(VENV)/dev
	@$(PY) -m ruff check .

format: $(VENV)/dev
	@$(PY) -m ruff format costmodel tests bench tools

types: $(VENV)/dev
	@$(PY) -m mypy

bench: $(VENV)/dev
	@for script in bench/*.py; do $(PY) $$script || exit 1; done

# The same bytes on every Python from 3.11 on that is here, plain and compiled.
versions:
	@$(PYTHON) tools/versions.py

# Debian's kernels 6.1 and 6.12, some 600 MB over the network the first time; not part of test.
vmlinux-check: $(VENV)/runtime
	@$(PY) -m tools.vmlinux_check

# A change, a series and patches in Debian's kernel source, about 140 MB the first time.
kernel-tree-check: $(VENV)/runtime
	@$(PY) -m tools.kernel_tree_check

# Plain ALU blocks through llvm-mca and the model; docs/llvm-mca.md explains the classes.
llvm-mca-check: $(VENV)/runtime
	@$(PY) tools/llvm_mca_check.py --count 400 --blocks skylake=$(DATA)/bhive_skl_dev.csv \
	  --blocks haswell=$(DATA)/bhive_hsw_dev.csv --blocks ivybridge=$(DATA)/bhive_ivb_dev.csv \
	  || { status=$$?; [ $$status -eq 77 ] || exit $$status; }

# Every core with measured blocks against those in DATA: docs/accuracy.md.
validate: $(VENV)/runtime
	@$(PY) tools/accuracy.py $(DATA)

# The same cores with one mechanism off at a time: docs/ablation.md. Some two minutes.
ablation: $(VENV)/runtime
	@$(PY) -m tools.ablation $(DATA)

# Frame variants left out whole, fitted figures chosen on the others: docs/folds.md.
folds: $(VENV)/runtime
	@$(PY) -m tools.folds $(DATA)

differences: $(VENV)/runtime
	@$(PY) tools/differences.py $(DATA)

clean:
	rm -rf $(VENV) .venv-versions build dist .mypy_cache .ruff_cache .pytest_cache
