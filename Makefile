# make demo: the environment, the study `quick`, the answer.   make test: the environment with the test extras, and
# all tests but those that take long; make test-slow: those.
# make docs: what documents compute, and the site.
PYTHON ?= python3
BIN := .venv/bin
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder

# Else every process would compile our sources anew, a tenth of a second each, and a suite has hundreds.
unexport PYTHONDONTWRITEBYTECODE

# Mean relative regret of the same strategies by the study that ships, B = 1 and 2 side by side.
SHIPPED := select strategy, round(any_value(relative_regret) filter (budget = 1), 3) as \"B = 1\", \
	round(any_value(relative_regret) filter (budget = 2), 3) as \"B = 2\" from mean_regret where pool = 'ALL' \
	and strategy in ('random', 'task_agnostic', 'linear', 'hybrid_linear') group by strategy order by 2 desc, 1

.PHONY: demo test test-slow lint docs

demo: .venv/collect
	@$(BIN)/needle collect --study quick
	@$(BIN)/needle report --study quick --strategies random task_agnostic linear hybrid_linear
	@echo
	@echo "The same question asked of haystack, the study that ships (22 models, 19 datasets, 2,508 fine-tunes): mean relative regret"
	@$(BIN)/needle query "$(SHIPPED)"

test: .venv/test
	$(BIN)/python -m pytest -m "not slow" $(WORKERS)

test-slow: .venv/test
	$(BIN)/python -m pytest -m slow $(WORKERS)

docs: .venv/docs
	@$(BIN)/python docs/generate.py
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs site

lint: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.venv/bin/python:
	@$(PYTHON) -m venv .venv

# The stamp of an extra is newer than what it was made from.
.venv/collect .venv/test .venv/docs: .venv/%: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing the environment ($*) into .venv: a minute or two" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$*]'
	@touch $@
