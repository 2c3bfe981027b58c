# make            set up .venv from requirements.lock and run the demo study
# make test       all tests; DATA=folder of the real data (default ../shared/data)
# make check      fast tests and static checks, under two minutes
# make lint       static checks alone
# make real       the study of real files; DATA=folder
# make docs       the documentation as pages that open from disk, in site/
# make golden     renew the golden numbers of the demo; make golden-real: of the real study
# make clean      remove results and caches, keep .venv

PYTHON ?= python3
CORES ?= 2
DATA ?= $(or $(YRB_CARBON_DATA),../shared/data)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# one worker a core: threads of BLAS would get in the way of one another; neighbours of a test stay
# with its worker, so that what a module prepares is prepared once
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 YRB_CARBON_DATA="$(DATA)" \
  $(BIN)/python -m pytest --dist worksteal -p no:faker
# a thousand runs of the same modules: they are compiled once, whatever the environment says
export PYTHONDONTWRITEBYTECODE :=

.PHONY: all demo test lint check real docs docs-reference golden golden-real clean
.DEFAULT_GOAL := all

all: demo

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; found $$($(PYTHON) --version). Give another: make PYTHON=python3.12" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)
	$(BIN)/snakemake --cores $(CORES)
	@echo
	@echo "Synthetic demonstration data. Results:"
	@echo "  report     results/demo/report/index.html  (open it in a browser)"
	@echo "  tables     results/demo/tables/: csv, LaTeX, Word, HTML, tables.xlsx; Chinese in zh/"
	@echo "  figures    results/demo/figures/"
	@echo "  numbers    results/demo/estimates.csv"
	@echo "  sample     results/demo/panel/main/completeness.csv, .png, excluded.csv"
	@echo "  manifest   results/demo/manifest.json, replication/README.md"

real: $(STAMP)
	$(BIN)/snakemake --cores $(CORES) --configfile studies/yrb-real.yaml --config data_root="$(DATA)"
	@echo
	@echo "Results: results/yrb-real/report/index.html, tables, figures, estimates.csv, manifest.json"

test: $(STAMP)
	$(PYTEST) -n $(CORES)

# parts of lint and check
.PHONY: style types fast
lint: style types

style: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile src/yrb_carbon/workflow/rules

types: $(STAMP)
	$(BIN)/mypy

# what takes more than a second of processor time by itself is marked slow; twice that is told
fast: $(STAMP)
	$(PYTEST) -n $(CORES) -m "not slow" --durations 10 --fast-seconds 2

# types take one core for most of a minute where nothing is cached: the tests share the other one
check: style
	$(MAKE) --no-print-directory --jobs 2 types fast

# the variable silences an advertisement of the theme; warnings of the build are errors
docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The documentation: site/index.html"

golden: demo
	$(BIN)/python tests/golden/golden_numbers.py renew demo results/demo

golden-real: real
	$(BIN)/python tests/golden/golden_numbers.py renew yrb-real results/yrb-real

docs-reference: $(STAMP)
	$(BIN)/python -m yrb_carbon.study.schema
	$(BIN)/python -m yrb_carbon.report.reference
	$(BIN)/python -m yrb_carbon.cli.reference

clean:
	rm -rf results site .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
