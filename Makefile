# Everything that is done to this repository, by name. `make help` lists it.

CARGO ?= cargo
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help demo test lint bench fuzz completions release

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 16

demo: ## the main job against the embedded lab: no AWS, no Docker, no root
	@echo "Building; a few minutes the first time."
	@$(CARGO) build --quiet --locked --package rdsconn --package rdsconn-lab --bins
	@target/debug/rdsconn-demo target/debug/rdsconn

test: lint ## everything that CI checks
	$(CARGO) test --locked --workspace --no-fail-fast

lint: ## formatting, clippy, docs, dependency policy
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items --quiet
	@if ! command -v cargo-deny >/dev/null; then echo "SKIPPED cargo deny: cargo-deny is not installed"; \
	elif $(CARGO) deny --locked fetch db >/dev/null 2>&1; then $(CARGO) deny --locked check; \
	else echo "SKIPPED cargo deny advisories: the advisory database cannot be had here"; \
	  $(CARGO) deny --locked check bans licenses sources; fi

bench: ## figures against the AWS CLI, ssh -L and the mariadb client, as ratios
	$(CARGO) bench --locked --bench resolve
	@# After the bench above, which leaves a binary of its own profile where the released one belongs. Only the binary is
	@# measured below, so that bench itself need not be optimised.
	$(MAKE) --no-print-directory release
	RDSCONN=target/release/rdsconn $(CARGO) bench --locked --profile dev --bench pipeline

fuzz: ## a longer run of the parsers' and formats' property tests (PROPTEST_CASES=50000)
	PROPTEST_CASES=$${PROPTEST_CASES:-50000} $(CARGO) test --locked --lib -- query:: target::

completions: ## write completions/ anew
	$(CARGO) build --quiet --locked
	completions/write target/debug/rdsconn completions

release: ## the optimised binary
	$(CARGO) build --release --locked --bin rdsconn
