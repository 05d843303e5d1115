# The one list of commands. `make` alone prints it.
#
# VENV, CARGO_TARGET_DIR and PIP_CACHE_DIR may point outside the checkout (.ci/run does that).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS)
SOURCES := Cargo.toml Cargo.lock pyproject.toml $(shell find rust arenas -type f -not -path '*/target/*')
POSITIONS ?= 1000000
FUZZ_SECONDS ?= 60
DAMAGE_FILES ?= 20000
DAMAGE_SEED ?= 0
DAMAGE_FAMILY ?=
SOAK_SECONDS ?= 3600
KILL_MOMENTS ?= 60
LADDER ?= $(HOME)/.cache/w2s-ladder
GAMES := chess connect_four othello

.PHONY: help demo test test-fast check lint format rust-doc fuzz damage kills soak bench differential texts wheel openings positions puzzles policies results docs clean

help:  ## print this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 16

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The light install: what a user gets from `pip install w2s`.
$(VENV)/.installed: $(BIN)/python $(SOURCES) $(CONSTRAINTS)
	$(PIP) maturin
	$(PIP) --no-build-isolation --editable .
	@touch $@

# With what nets need: torch.
$(VENV)/.installed-models: $(VENV)/.installed
	$(PIP) --no-build-isolation --editable '.[models]'
	@touch $@

# With everything that tests, lint and benches need.
$(VENV)/.installed-dev: $(BIN)/python $(SOURCES) $(CONSTRAINTS)
	$(PIP) maturin setuptools wheel
	$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed-models  ## teacher against student on the bundled chess arena: labels, verification, ratings
	$(BIN)/w2s arena --game chess
	@echo "next: $(BIN)/w2s chain --quick, in which the student learns from what it can trust of the teacher"

test: $(VENV)/.installed-dev  ## every test that this machine can run, and the examples in docstrings; skipped tests say why
	cargo test --release --workspace --quiet
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

test-fast: $(VENV)/.installed-dev  ## Python tests that take seconds, and the examples in docstrings; no Rust tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" --ignore python/w2s/train/language

check: lint test-fast  ## what to run before a commit: lint and the fast tests

format: $(VENV)/.installed-dev  ## format Rust and Python, and sort imports
	cargo fmt
	$(BIN)/ruff check --select I --fix --quiet .
	$(BIN)/ruff format --quiet .

lint: $(VENV)/.installed-dev rust-doc  ## formatting, clippy, Rust docs, ruff, mypy --strict, import layers, spelling, phrases
	cargo fmt --check
	rustfmt --edition 2024 --check rust/*/fuzz/src/*.rs rust/*/fuzz/fuzz_targets/*.rs
	cargo clippy --release --workspace --all-targets --quiet -- -D warnings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell python rust docs arenas/build benchmarks studies examples *.md Makefile pyproject.toml
	$(BIN)/python -m docs.build.prose

rust-doc:  ## the documentation of the Rust crates, without a warning
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet

fuzz:  ## throw mutated bytes at every Rust parser, side by side, for FUZZ_SECONDS; on stable Rust
	W2S_FUZZ_SECONDS=$(FUZZ_SECONDS) cargo test --profile fuzz --quiet -p w2s-core -p w2s-games -p w2s-tables --test fuzz -- --nocapture

damage: $(VENV)/.installed-dev  ## damage DAMAGE_FILES files (DAMAGE_FAMILY=each: of every family); each must be read as it is, or refused
	$(BIN)/python -m tests.faults.damage --files $(DAMAGE_FILES) --seed $(DAMAGE_SEED) \
	  $(if $(DAMAGE_FAMILY),--family $(DAMAGE_FAMILY))

kills: $(VENV)/.installed-dev  ## kill every command at KILL_MOMENTS moments; run again, each must end with the same bytes
	$(BIN)/python -m tests.faults.kills --moments $(KILL_MOMENTS)

soak: $(VENV)/.installed-dev  ## all of these for SOAK_SECONDS; memory and open files must be level at the end
	$(BIN)/python -m tests.faults.soak --seconds $(SOAK_SECONDS)

bench: $(VENV)/.installed-dev  ## every figure beside its peer, in one run; writes docs/benchmarks.md
	$(PIP) --editable '.[bench]' --no-build-isolation
	$(BIN)/python -m benchmarks

differential: $(VENV)/.installed-dev  ## POSITIONS chess positions against python-chess, 3,000 Parquet files against pyarrow, 0 disagreements
	$(BIN)/python -m tests.parity.differential --positions $(POSITIONS)
	$(BIN)/python -m tests.parity.parquet_tables

texts: $(VENV)/.installed  ## every help text and message in texts.txt, for proof-reading
	$(BIN)/python -m docs.build.texts

wheel: $(BIN)/python  ## the wheel and the source distribution, checked
	$(PIP) maturin twine
	rm -rf dist
	$(BIN)/maturin build --release --locked --sdist --out dist
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m tests.meta.dist dist
	$(PIP) --no-build-isolation --no-deps --target $$(mktemp -d) dist/*.tar.gz

openings: $(VENV)/.installed  ## make arenas/openings again from their seed
	$(BIN)/python arenas/build/openings.py

positions: $(VENV)/.installed  ## label the positions that the ladder learns from (Stockfish; hours); LADDER keeps what is done
	for game in $(GAMES); do \
	  $(BIN)/python arenas/build/positions.py $$game --out $(LADDER) || exit 1; done

puzzles: positions  ## mine arenas/puzzles again from their seed (Stockfish; hours)
	for game in $(GAMES); do \
	  $(BIN)/python arenas/build/puzzles.py $$game --cache $(LADDER) || exit 1; done

policies: positions $(VENV)/.installed-models  ## train arenas/policies again, and write their cards (hours)
	$(BIN)/python arenas/build/policies.py --cache $(LADDER)
	$(BIN)/python arenas/build/values.py --cache $(LADDER)
	$(BIN)/python arenas/build/greedy.py --cache $(LADDER)
	$(BIN)/python arenas/build/elo.py

results: $(VENV)/.installed  ## write the sections of finished chains to docs/results.md and keep the others: RUNS="runs/a runs/b"
	$(BIN)/python arenas/build/results.py $(RUNS) --update

docs: $(VENV)/.installed  ## build the documentation, with the generated reference, into site/
	$(PIP) --no-build-isolation --editable '.[docs]'
	$(BIN)/python -m docs.build.figure
	$(BIN)/python -m docs.build.notebook
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:  ## remove what make made
	rm -rf $(VENV) target dist site python/w2s/_core.*.so
