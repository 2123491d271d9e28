# Two commands: `make try` shows zipreel at work, `make test` proves it. Both install what they need and is missing.

TARGET  := $(or $(CARGO_TARGET_DIR),target)
ZIPREEL := $(TARGET)/debug/zipreel
SAMPLE  := $(TARGET)/sample/zipreel-sample.mp4
VENV    := $(TARGET)/venv

.PHONY: help try test test-tools

help:
	@echo 'make try     build, make a sample video and publish it on this machine: no account needed'
	@echo 'make test    run all tests; ARGS goes to cargo test: make test ARGS=wizard'

try:
	@tests/tools/need cargo cc ffmpeg
	cargo build --locked
	@tests/tools/sample $(SAMPLE)
	@if [ -t 0 ] && [ -t 1 ]; then \
		$(ZIPREEL) --video $(SAMPLE); \
	else \
		$(ZIPREEL) publish $(SAMPLE) --name sample --target local --plain --yes; \
	fi

test: $(VENV)/ready
	ZIPREEL_TEST_AWS="$(abspath $(VENV))/bin/aws" cargo test --locked $(ARGS)

test-tools:
	@tests/tools/need cargo cc ffmpeg unzip python3 venv

# Python programs that tests call: the plain AWS command-line client.
$(VENV)/ready: tests/tools/requirements.txt | test-tools
	rm -rf $(VENV)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
