# Everything that a person or CI does with this repository. Needs Rust and Python 3, `make test` also
# Node with npm, and curl; what else is needed is put into .tools/, once for each version named here.

CARGO_LAMBDA := 1.9.2
REQUESTS := 2.34.2
PROMETHEUS_CLIENT := 0.26.0
PYJWT := 2.15.1
OPENID_CLIENT := 6.9.0
# What the examples in the answers with credentials import.
BEDROCK_NODE := 3.1164.0
OPENAI_NODE := 7.57.0
BOTO3 := 1.44.8
OPENAI_PYTHON := 3.57.0
SAM_CLI := 1.170.0
# The emulated CloudFormation of the tests, and the SAM transform before it (the one of SAM_CLI).
MOTO := 5.2.5
SAM_TRANSLATOR := 1.115.0
ZIGLANG := 0.15.2
CARGO_DENY := 0.20.2
CARGO_FUZZ := 0.13.2
CARGO_MUTANTS := 27.1.0
CARGO_CYCLONEDX := 0.5.9

# The stage that `make deploy` deploys, a table of samconfig.toml.
CONFIG_ENV ?= dev
# What else `sam deploy` is told: DEPLOY_FLAGS=--no-confirm-changeset, say.
DEPLOY_FLAGS ?=
# The parameter Architecture of the stage, from its lines that are no comments.
HASH := \#
STAGE_ARCHITECTURE := $(shell sed -n '/^\[$(CONFIG_ENV)\.deploy\./,/^\[/s/^[^$(HASH)]*[^A-Za-z]Architecture=\([a-z0-9_]*\).*/\1/p' samconfig.toml)
# What is built for. `make build` and `make size` take another than the stage's, `make deploy` does not.
ARCHITECTURE ?= $(STAGE_ARCHITECTURE)

PYTHON := .tools/python/bin/python3
NODE_PACKAGES := .tools/node-$(OPENID_CLIENT)-$(BEDROCK_NODE)-$(OPENAI_NODE)
# What the client programs of the tests import.
CLIENTS := .tools/requests-$(REQUESTS) .tools/pyjwt-$(PYJWT) \
  .tools/prometheus-client-$(PROMETHEUS_CLIENT) \
  .tools/examples-$(BOTO3)-$(OPENAI_PYTHON) .tools/moto-$(MOTO)-$(SAM_TRANSLATOR) $(NODE_PACKAGES)
DENY := .tools/cargo-deny-$(CARGO_DENY)/bin/cargo-deny
SAM := $(PYTHON) -m samcli

export PATH := $(CURDIR)/.tools/python/bin:$(PATH)
export CARGO_TARGET_DIR = $(CURDIR)/target
export SAM_CLI_TELEMETRY = 0

# A rule that fails leaves no half-made tool behind, and two of them never run at once.
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test lint architecture build size deploy audit bench-functions bench-import

help:
	@echo "make run     start everything on this machine; settings as in: make run PORT=9100"
	@echo "make test    build everything and run all tests"
	@echo "make lint    formatting, clippy, dependencies, templates"
	@echo "make build   build the functions for deployment"
	@echo "make size    build them and say how large each is"
	@echo "make deploy  build and deploy a stage: make deploy CONFIG_ENV=dev"
	@echo "make bench-functions  what a start and a call of each function that is built takes"
	@echo "make bench-import  rows a second and peak memory of an import of 10,000 and 100,000 users"
	@echo "make audit   check the dependencies for known vulnerabilities (needs a network)"
	@echo "make fuzz    throw mutated input at every parser: make fuzz FUZZ_SECONDS=60"
	@echo "make mutants change shared line by line and see what no test notices (hours)"
	@echo "make sbom    list what is compiled into the functions, as CycloneDX"

# Settings reach `local` through the environment, and its process takes the shell's place, so that
# Ctrl-C and its exit code meet nothing in between.
run: .tools/cargo-lambda-$(CARGO_LAMBDA)
	$(call needs,cargo,Rust from https://rustup.rs)
	@echo "building the workspace (minutes the first time, seconds after that)"
	@began=$$(date +%s); cargo build --workspace && echo "built in $$(($$(date +%s) - began)) s"
	@exec target/debug/local

test: .tools/cargo-lambda-$(CARGO_LAMBDA) $(CLIENTS)
	$(call needs,cargo,Rust from https://rustup.rs)
	$(call needs,node,Node from https://nodejs.org)
	$(call needs,curl,curl from your system)
	cargo build --workspace
	cargo test --workspace

lint: .tools/aws-sam-cli-$(SAM_CLI) $(DENY)
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo fetch --locked
	$(DENY) --offline check --hide-inclusion-graph bans licenses sources
	AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint
	AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint --template examples/protected-api/template.yaml
	AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint --template examples/protected-api/jwt.yaml

# All functions in one compile, for one architecture: by zig, so that they link against the C library of
# Lambda's machines and not of this one.
build: .tools/cargo-lambda-$(CARGO_LAMBDA) .tools/ziglang-$(ZIGLANG)
	$(call needs,cargo,Rust from https://rustup.rs)
	@began=$$(date +%s); cargo lambda build --release --$(subst _,-,$(ARCHITECTURE)) && echo "built in $$(($$(date +%s) - began)) s"

size: build
	$(PYTHON) deploy/sizes.py

# One build of all functions first: sam then finds each of them built and only packs it. By itself `sam build`
# knows only the template's defaults and would pack for arm64 whatever the stage says; hence its parameter, and
# a look at what it has packed.
deploy: one-architecture build .tools/aws-sam-cli-$(SAM_CLI)
	$(SAM) build --config-env $(CONFIG_ENV) --parameter-overrides Architecture=$(ARCHITECTURE)
	$(PYTHON) deploy/machines.py $(ARCHITECTURE)
	$(SAM) deploy --config-env $(CONFIG_ENV) $(DEPLOY_FLAGS)

# Before anything is compiled.
one-architecture:
	@[ -n "$(STAGE_ARCHITECTURE)" ] || { echo "samconfig.toml has no Architecture in parameter_overrides of $(CONFIG_ENV)" >&2; exit 1; }
	@[ "$(ARCHITECTURE)" = "$(STAGE_ARCHITECTURE)" ] || { echo "ARCHITECTURE is $(ARCHITECTURE), but Architecture of $(CONFIG_ENV) in samconfig.toml is $(STAGE_ARCHITECTURE): leave ARCHITECTURE out, and change it there" >&2; exit 1; }

audit: $(DENY)
	$(DENY) check advisories

# Of what `make build` has built, which has to be for this machine.
bench-functions:
	cargo build --release --workspace --bin gatehouse --bin bench-functions --bin bench-import
	target/release/bench-functions

bench-import:
	cargo build --release --workspace --bin gatehouse --bin bench-functions --bin bench-import
	target/release/bench-import

.tools/python-venv:
	$(call needs,cargo,Rust from https://rustup.rs)
	$(call needs,python3,Python 3.9 or newer)
	@echo "making .tools/python"
	@mkdir -p .tools
	@python3 -m venv --clear .tools/python || { echo "python3 cannot make a virtual environment: install its venv module (Debian: python3-venv)" >&2; exit 1; }
	@touch $@

# Without its dependency ziglang, 90 MB that only building for another machine needs.
.tools/cargo-lambda-$(CARGO_LAMBDA): .tools/python-venv
	$(call wheel,--no-deps cargo-lambda==$(CARGO_LAMBDA))

.tools/ziglang-$(ZIGLANG): .tools/python-venv
	$(call wheel,ziglang==$(ZIGLANG))

.tools/requests-$(REQUESTS): .tools/python-venv
	$(call wheel,requests==$(REQUESTS))

.tools/prometheus-client-$(PROMETHEUS_CLIENT): .tools/python-venv
	$(call wheel,prometheus-client==$(PROMETHEUS_CLIENT))

.tools/pyjwt-$(PYJWT): .tools/python-venv
	$(call wheel,PyJWT[crypto]==$(PYJWT))

# In one call: npm removes from a folder what it is not told of.
$(NODE_PACKAGES):
	$(call package,openid-client@$(OPENID_CLIENT) @aws-sdk/client-bedrock-runtime@$(BEDROCK_NODE) openai@$(OPENAI_NODE))

# Apart from the tools' own packages, of which one wants a boto3 of its own.
.tools/examples-$(BOTO3)-$(OPENAI_PYTHON): .tools/python-venv
	$(call wheel,--upgrade --no-warn-conflicts --target .tools/examples boto3==$(BOTO3) openai==$(OPENAI_PYTHON))

.tools/moto-$(MOTO)-$(SAM_TRANSLATOR): .tools/python-venv
	$(call wheel,--upgrade --no-warn-conflicts --target .tools/moto moto[server]==$(MOTO) aws-sam-translator==$(SAM_TRANSLATOR))

.tools/aws-sam-cli-$(SAM_CLI): .tools/python-venv
	$(call wheel,aws-sam-cli==$(SAM_CLI))

$(DENY):
	$(call needs,cargo,Rust from https://rustup.rs)
	cargo install --locked --root .tools/cargo-deny-$(CARGO_DENY) --target-dir .tools/target cargo-deny@$(CARGO_DENY)

# The tool that a rule needs and where to get it; a package of Python or of Node that a rule's target
# stands for.
needs = @command -v $(1) >/dev/null || { echo "$(1) is missing: install $(2)" >&2; exit 1; }
define wheel
@echo "fetching $(@F)"
@$(PYTHON) -m pip install --quiet --disable-pip-version-check $(1)
@touch $@
endef
define package
$(call needs,npm,Node with npm from https://nodejs.org)
@echo "fetching $(@F)"
@npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix .tools/node $(1)
@touch $@
endef

# What looks for what the tests miss, and what is shipped. None of it is part of `make test`.
FUZZ := .tools/cargo-fuzz-$(CARGO_FUZZ)/bin/cargo-fuzz
MUTANTS := .tools/cargo-mutants-$(CARGO_MUTANTS)/bin/cargo-mutants
CYCLONEDX := .tools/cargo-cyclonedx-$(CARGO_CYCLONEDX)/bin/cargo-cyclonedx
# How long each target of fuzz/ runs, in seconds; `make fuzz FUZZ_TARGETS=event` runs one of them.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
# Which sources are mutated: all of shared takes days.
MUTANTS_FILE ?= shared/src/scope.rs
SBOM_TARGET = $(if $(filter x86_64,$(ARCHITECTURE)),x86_64,aarch64)-unknown-linux-gnu
.PHONY: fuzz mutants sbom

# Without a sanitizer: there is no `unsafe` here that it could watch, and so no nightly Rust is needed.
# What a target finds is kept in fuzz/corpus, what breaks it in fuzz/artifacts.
fuzz: export CARGO_TARGET_DIR = $(CURDIR)/fuzz/target
fuzz: $(FUZZ)
	$(call needs,c++,a C++ compiler from your system (Debian: g++))
	$(FUZZ) build --sanitizer none
	@for target in $(FUZZ_TARGETS); do \
	  echo "fuzzing $$target for $(FUZZ_SECONDS) s"; mkdir -p fuzz/corpus/$$target; \
	  $(FUZZ) run --sanitizer none $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=10 -verbosity=0 -print_final_stats=1 || exit 1; \
	done

# A copy of the workspace is built and tested once as it is and once for each mutant, without the tests that
# run a stack of their own: those need cargo-lambda, and minutes.
mutants: export CARGO_TARGET_DIR = $(CURDIR)/target/mutants
mutants: $(MUTANTS)
	$(MUTANTS) mutants --package shared --file "$(MUTANTS_FILE)" --gitignore true --output target \
	  -- --workspace -- --skip running:: --skip stack:: --skip credentials:: --skip cli:: --skip deploy::

# One CycloneDX document of all that is compiled into the functions.
sbom: $(CYCLONEDX)
	$(call needs,python3,Python 3.9 or newer)
	$(CYCLONEDX) cyclonedx --quiet --format json --spec-version 1.5 --no-build-deps --target $(SBOM_TARGET)
	@mkdir -p target
	@python3 .ci/sbom.py $(SBOM_TARGET) target/gatehouse.cdx.json

define crate
$(call needs,cargo,Rust from https://rustup.rs)
cargo install --locked --root .tools/$(1)-$(2) --target-dir .tools/target $(1)@$(2)
endef

$(FUZZ):
	$(call crate,cargo-fuzz,$(CARGO_FUZZ))

$(MUTANTS):
	$(call crate,cargo-mutants,$(CARGO_MUTANTS))

$(CYCLONEDX):
	$(call crate,cargo-cyclonedx,$(CARGO_CYCLONEDX))
