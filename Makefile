# make venv · demo · demo-faults · test · check · bench · docs · matrix · clean
#
# Needs Python 3.11+, git and make; everything else is installed into .venv,
# at the versions in constraints.txt.

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
DEMO := .venvs/demo

# broken-agents is a collection of faults: nothing installs it but its own tests.
PARTS := $(filter-out sample_agents/broken-agents,$(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml sample_agents/*/pyproject.toml)))
SUITES := tests $(wildcard $(PARTS:%=%/tests))
GATES := format lint pyright mypy imports deptry vulture changelog links
# Workers of the test run; 0 runs in one process, for a debugger.
JOBS ?= auto

.PHONY: venv demo demo-faults test check bench docs matrix clean $(GATES:%=gate-%)
.DELETE_ON_ERROR:

venv: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(PARTS:%=%/pyproject.toml)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable . $(PARTS:%=--editable %)
	@touch $@

test: venv
	$(BIN)/python -m pytest --numprocesses=$(JOBS) --outcomes=build/outcomes.json $(SUITES)

# One line per gate; what a failing gate printed stands above its line.
check: venv
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync=target $(GATES:%=gate-%)

define gate
	@mkdir -p build; \
	start=$$SECONDS; ( export NO_COLOR=1; $(2) ) >build/gate-$(1).log 2>&1; verdict=$$?; \
	[ $$verdict = 0 ] || cat build/gate-$(1).log; \
	printf '%-10s %-6s %3ds\n' $(1) $$([ $$verdict = 0 ] && echo ok || echo FAILED) $$((SECONDS - start)); \
	exit $$verdict
endef

gate-format:
	$(call gate,format,$(BIN)/ruff format --check)

gate-lint:
	$(call gate,lint,$(BIN)/ruff check)

gate-pyright:
	$(call gate,pyright,$(BIN)/pyright --pythonpath $(BIN)/python)

# Each part has modules named like another's, so each is a run of its own.
gate-mypy:
	$(call gate,mypy,$(BIN)/mypy registry_core tests && for part in $(PARTS); do MYPYPATH=$$part/src:$$part/tests $(BIN)/mypy $$(ls -d $$part/src $$part/tests 2>/dev/null) || exit; done)

gate-imports:
	$(call gate,imports,$(BIN)/lint-imports)

gate-deptry:
	$(call gate,deptry,$(BIN)/deptry --no-ansi registry_core && for part in $(PARTS); do $(BIN)/deptry --no-ansi --config $$part/pyproject.toml $$part/src || exit; done)

# Fields are read by users, ruff finds unused imports and mypy what is never reached.
gate-vulture:
	$(call gate,vulture,$(BIN)/vulture --version && ! $(BIN)/vulture 2>&1 | grep -E 'unused (class|function|method|property) |rror')

gate-changelog:
	$(call gate,changelog,$(BIN)/towncrier build --draft --version next)

gate-links:
	$(call gate,links,$(BIN)/python -m pytest --quiet tests/docs/test_links.py)

docs: venv
	$(BIN)/python -m pytest tests/docs

bench: venv
	$(BIN)/python -m tests.benchmarks

matrix: venv
	$(BIN)/python -m tests.matrix

# The main job, as a user has it: wheels in an environment of their own, one command a document.
# make demo DOC=path takes your own HTML, PDF or Markdown.
demo: $(DEMO)/installed
	@mkdir -p build/demo
	$(DEMO)/bin/agentreg plugins
ifdef DOC
	$(call report,$(DOC),build/report.html)
else
	@cd build/demo && $(CURDIR)/$(DEMO)/bin/python -m pydoc -w json >/dev/null
	@$(DEMO)/bin/python -c 'from importlib.metadata import metadata; print(metadata("pydantic").get_payload())' >build/demo/pydantic.md
	$(call report,build/demo/json.html,build/report-json.html)
	$(call report,build/demo/pydantic.md,build/report.html)
endif

define report
	$(DEMO)/bin/agentreg run $(1) --want DocumentReport --middleware cache --out $(2)
endef

# Broken distributions beside the good ones: what each is told, and that the good ones still run.
demo-faults: venv $(DEMO)/installed
	@rm -rf .venvs/faults
	@mkdir -p .venvs/faults
	@$(BIN)/python -m tests.journeys.broken $(DEMO) .venvs/faults

$(DEMO)/installed: pyproject.toml constraints.txt $(shell find registry_core $(PARTS) -name '*.py' -o -name '*.json' -o -name pyproject.toml)
	@test -x $(DEMO)/bin/python || $(PYTHON) -m venv $(DEMO)
	@$(DEMO)/bin/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt . $(PARTS:%=./%)
	@touch $@

clean:
	rm -rf .venv .venvs build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .grimp_cache .hypothesis
