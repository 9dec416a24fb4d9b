# Two commands are enough: make run, make test. Each does all the set-up it needs.

EXAMPLE ?= ./examples/notes
TESTFLAGS ?=
FUZZTIME ?= 30s
FUZZONLY ?=
SOAK ?= 10m

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "Variables: EXAMPLE=./examples/NAME, TESTFLAGS='-run X -v', CEF_FROM=FILE or URL, OFFLINE=1, FUZZTIME=30s, SOAK=10m"

run: setup ## run the example (without a display: its tour, and a screenshot in build/)
	@scripts/run.sh $(EXAMPLE)

test: setup-test ## run every test
	@scripts/test.sh $(TESTFLAGS)

race: setup-test ## run every test with the race detector
	@scripts/test.sh -race $(TESTFLAGS)

setup: ## install packages, fetch CEF, see to the sandbox: only what is missing
	@scripts/setup.sh

setup-test:
	@scripts/setup.sh test

bench: setup ## measure an app against a raw CEF host, into build/bench.json
	@scripts/with-runtime.sh go run ./bench

fuzz: ## run every fuzz target for FUZZTIME, or FUZZONLY=NAME
	@scripts/setup.sh fuzz
	@FUZZONLY=$(FUZZONLY) scripts/fuzz.sh $(FUZZTIME)

soak: setup-test ## run the endurance tests for SOAK each
	@ORIEL_SOAK=$(SOAK) scripts/test.sh -run '^TestSoak' -timeout=0 $(TESTFLAGS)

generate: ## write the generated files anew
	@go generate ./...

lint: ## gofmt, go vet, staticcheck, C without warnings, generated files up to date
	@scripts/lint.sh

clean: ## remove the build folder (the CEF runtime in the per-user cache stays)
	@scripts/clean.sh

.PHONY: help run test race setup setup-test bench fuzz soak generate lint clean
