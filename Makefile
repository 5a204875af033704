# Every target installs what it needs into .venv and .cache, once.

UV      := 0.13.9
C7N     := 0.9.53
POLICY  ?= defib.toml
OUT     := build/cdk.out

PY      := .venv/bin/python
export PATH       := $(CURDIR)/.venv/bin:$(CURDIR)/.venv/node/node_modules/.bin:$(PATH)
export PYTHONPATH := $(CURDIR):$(CURDIR)/functions

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types check e2e browser storm fuzz cost scale bench compare synth deploy destroy bootstrap lock clean distclean
.DELETE_ON_ERROR:

help: ## what there is
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/.installed .venv/.importable .venv/.lambda ## the environment; every other target makes it by itself

demo: install ## replay the outage of April 30th and see it heal
	@$(PY) -m sim replay scenarios/april-30.toml --out build/demo

test: install .venv/.node ## all tests but those end to end and in a browser
	$(PY) -m pytest -n auto --dist worksteal --ignore tests/e2e --ignore tests/browser

lint: install ## ruff: what is wrong with the code, and with its form
	$(PY) -m ruff check
	$(PY) -m ruff format --check

types: install ## mypy, strict
	$(PY) -m mypy

check: lint types test ## linters, types and tests

e2e: install .venv/.node ## deploy onto a local emulator with the real CDK CLI and heal there
	$(PY) -m pytest -s --e2e tests/e2e

browser: install ## the status page in headless Chromium, which must be there: apt-get install chromium
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { echo "make browser needs Chromium: apt-get install chromium, or set CHROMIUM to the path of one." >&2; exit 1; }
	$(PY) -m pytest -q tests/browser

# The tests of core/ and of what calls it directly; none of them is there to make up the count.
COVERS := tests/core tests/shell tests/publish tests/handlers/test_answer*.py

.PHONY: mutants coverage
mutants: install .venv/.node ## plant each fault of tests/mutants and see what catches it
	$(PY) -m tests.mutants

coverage: install ## the statements and branches of core/ that no test has been through; none must be left
	$(PY) -m pytest -q -n auto --dist worksteal --cov --cov-report=term-missing $(COVERS)

storm: install ## a thousand of ten thousand machines fail within five minutes, in memory
	@$(PY) -m tests.storm

fuzz: install ## ten thousand stories drawn from seeds, every invariant judged; FROM=SEED for others
	@$(PY) -m sim fuzz --seeds 10000 --from $(or $(FROM),0) --moto-every 500

cost: install ## dollars a month for fleets of 10 to 10,000 instances, from counted calls
	@$(PY) -m sim cost

scale: install ## how storms, sweeps and memory grow from 10 to 100,000 instances; some minutes
	@$(PY) -m sim scale

bench: install .venv/.node ## import times, invocation times and memory against bare boto3
	$(PY) -m tests.bench

compare: install .venv/.custodian ## Defib beside the alternatives, same faults and same AWS; renews docs/comparison.md
	@$(PY) -m sim compare --write

synth: install .venv/.node ## the CloudFormation template; POLICY=FILE for another policy
	@$(PY) -m infra.synthesize --policy $(POLICY) --out $(OUT)

deploy: install .venv/.node ## into the account and Region of your AWS credentials; POLICY=FILE for another policy
	@$(PY) -m infra.deploy --policy $(POLICY) --out $(OUT)

# The CLI takes what depends on others first, so the watchtower before what it watches, and asks before it begins.
destroy: install .venv/.node ## take Defib down, watchtower first, or STACK alone; POLICY=FILE as for deploy
	@$(PY) -m infra.synthesize --policy $(POLICY) --out $(OUT) >/dev/null
	@echo "What Defib has stopped stays stopped, and nobody is told of it any more: look first at what is open."
	@echo "Afterwards the names of what stays can't be asked for any more: list them first. Both are in"
	@echo "docs/operations.md, \"How do I take it down?\""
	@cdk destroy --app $(OUT) $(or $(STACK),--all)

bootstrap: install .venv/.node ## once for each account and Region, before the first deploy
	@$(PY) -m infra.synthesize --policy $(POLICY) --out $(OUT)
	@cdk bootstrap --app $(OUT) || \
	  { echo "Where no account could be resolved: aws sts get-caller-identity says whether there are credentials." >&2; exit 1; }

lock: install ## pin anew what pyproject.toml asks for
	uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" \
	  --group synth --group replay --group check pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --custom-compile-command "make lock" \
	  --generate-hashes pyproject.toml -o functions/requirements.txt
	cd infra/node && npm install --silent --no-audit --no-fund --package-lock-only --omit-lockfile-registry-resolved

clean: ## what was built
	rm -rf build cdk.out .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

distclean: clean ## what was installed, too
	rm -rf .venv .cache

# The first Python of 3.11 or newer, the default one if it will do.
.venv/bin/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $$python -m venv .venv && exit 0; rm -rf .venv; \
	    echo "$$python can't make a virtual environment: install its venv package (Debian: python3-venv)." >&2; exit 1; \
	  fi; \
	done; echo "Defib needs Python 3.11 or newer, and found none on the PATH." >&2; exit 1

.venv/.installed: requirements.txt | .venv/bin/python
	@echo "Installing into .venv (once, about a minute) ..."
	@{ $(PY) -m pip install -q --disable-pip-version-check uv==$(UV) && \
	  uv pip install -q --python $(PY) -r requirements.txt; } || \
	  { echo "uv could not; pip tries the same, which takes longer ..." && \
	  $(PY) -m pip install -q --disable-pip-version-check -r requirements.txt; }
	@touch $@

# So that .venv/bin/python -m sim finds functions/ without PYTHONPATH.
.venv/.importable: | .venv/bin/python
	@echo ../../../../functions > "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/defib.pth"
	@touch $@

.venv/.lambda: functions/requirements.txt | .venv/.installed
	@$(PY) -m infra.bundle
	@touch $@

# The CDK CLI, and a Python in WebAssembly that compiles the functions for Lambda.
.venv/.node: infra/node/package.json infra/node/package-lock.json | .venv/.installed
	@echo "Installing the CDK CLI into .venv (once) ..."
	@mkdir -p .venv/node && cp infra/node/package.json infra/node/package-lock.json .venv/node
	@npm ci --loglevel=error --no-audit --no-fund --prefix .venv/node || \
	  { echo "The CDK CLI could not be installed from npm's registry; make demo does without it." >&2; exit 1; }
	@touch $@

# Cloud Custodian in an environment of its own: it pins another boto3 than Defib.
.venv/.custodian: Makefile requirements.txt | .venv/.installed
	@echo "Installing Cloud Custodian into .venv/custodian (once) ..."
	@uv venv -q --allow-existing --python $(PY) .venv/custodian
	@uv pip install -q --python .venv/custodian/bin/python c7n==$(C7N) \
	  "moto[ec2]$$(sed -n 's/^moto\(==[^ ;]*\).*/\1/p' requirements.txt)"
	@touch $@
