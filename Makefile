# Every target is a verb or names what it checks. What continuous integration runs (.ci/run) are
# these same targets. They need Go and make, and for the race detector a C compiler; nothing else.
# A variable of the command line reaches the recipes in their environment too: MODULE is read there.

GO ?= go

# What the steps of `make test` are, in order: cheap ones first, unit tests last.
STEPS = fmt vet lint cross race invariants portable bugs unit

SEEDS    ?= 1000
HOSTILE  ?= 100000
FUZZTIME ?= 10m
BENCH    ?= .
COUNT    ?= 1
BASE     ?= HEAD~1
RUNS     ?= 100
PERF     ?=
KILLS    ?= 500
DURATION ?= 1h

# go run would turn every exit status into 1. So make says at least which one it was: "Error 1" is the gate's
# fail, "Error 2" that it could not judge. make itself then exits with 2 in either case.
PERF_COMMAND = dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && $(GO) build -o "$$dir/perf" ./cmd/perf && "$$dir/perf"

# Everything but ci/, which looks at the tree as text: the race detector and the build tags find
# nothing there.
PROTOCOL = $$($(GO) list ./... | grep -v '/ci$$' | grep -v '/ci/')

# True if there is a C compiler, which the race detector needs. It is tried and not only looked for:
# some machines have one without a C library's headers.
HAVE_CC = probe=$$(mktemp -d) && \
	printf '\043include <stdlib.h>\nint main(void) { return 0; }\n' > "$$probe/probe.c" && \
	$$($(GO) env CC) -o "$$probe/probe" "$$probe/probe.c" 2>/dev/null; \
	found=$$?; rm -rf "$$probe"; [ $$found -eq 0 ]

.PHONY: help run test $(STEPS) fuzz fuzz-short replay soak sim bench ceiling rehome \
	crash idle steady curves compare gate noise instr track build profiles pgo pgo-gain

help: ## list the targets (this is the default)
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r target what; do \
		printf '  %-12s %s\n' "$$target" "$$what"; done

build: ## build the commands into bin/, optimized by profiles/default.pgo
	@$(GO) build -trimpath -pgo=profiles/default.pgo -o bin/ ./cmd/parsec ./cmd/perf ./cmd/loadgen

run: ## check, benchmark and profile what is bundled, load four nodes; results/latest gets figures and pages
	@$(GO) run ./cmd/parsec run

test: ## check everything: fmt, vet, lint, cross, race, invariants, portable, bugs, unit; stops at the first failure
	@for step in $(STEPS); do \
		$(MAKE) --no-print-directory $$step || { \
			echo "make test: FAILED at step '$$step'; to repeat it alone: make $$step" >&2; exit 1; }; \
	done
	@if $(HAVE_CC); then echo "PASS: $(STEPS)"; \
	else echo "PASS: $(STEPS) (but race was skipped: no C compiler)"; fi

fmt: ## check that every Go file is as gofmt would have it
	@echo "== fmt: gofmt -l"
	@gofmt=$$($(GO) env GOROOT)/bin/gofmt; [ -x "$$gofmt" ] || gofmt=gofmt; \
	files=$$("$$gofmt" -l .) || exit 1; \
	if [ -n "$$files" ]; then echo "not formatted; run gofmt -w on:"; echo "$$files"; exit 1; fi

vet: ## run go vet, with and without the invariants, without vector code, and with deliberate bugs
	@echo "== vet: go vet"
	@$(GO) vet ./...
	@$(GO) vet -tags invariants ./...
	@$(GO) vet -tags purego ./...
	@$(GO) vet -tags bugs ./...

lint: ## run staticcheck and actionlint, in the versions that go.mod names
	@echo "== lint: staticcheck, actionlint"
	@$(GO) tool staticcheck ./...
	@$(GO) tool actionlint .github/workflows/*.yml

cross: ## build and vet for Linux, macOS and Windows on amd64 and arm64, without cgo
	@echo "== cross: go build and go vet for six systems"
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
		echo "   $$os/$$arch"; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -buildvcs=false ./... && \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) vet ./... || exit 1; \
	done; done

# The core is a state machine. Its only goroutines are the caller's, in NodeConfig.Parallel: of its own tests, which are
# minutes under the detector, only those of that are run.
race: ## run the shortened tests of all that has goroutines under the race detector, if there is a C compiler
	@echo "== race: go test -race -short"
	@if $(HAVE_CC); then \
		CGO_ENABLED=1 $(GO) test -race -short -timeout 30m $$(printf '%s\n' $(PROTOCOL) | grep -v '/core$$') && \
		CGO_ENABLED=1 $(GO) test -race -short -timeout 30m -run Parallel ./core; \
	else echo "   skipped: no C compiler ($$($(GO) env CC) cannot build a program)"; fi

invariants: ## run the core's shortened tests with its invariants checked after every event
	@echo "== invariants: go test -tags invariants -short ./core/..."
	@$(GO) test -tags invariants -short ./core/...

portable: ## run the core's shortened tests without vector code, as on systems that have none
	@echo "== portable: go test -tags purego -short ./core/..."
	@$(GO) test -tags purego -short ./core/...

bugs: ## check that the simulator finds deliberate bugs, which are built in for that
	@echo "== bugs: go test -tags bugs -run TestBugs"
	@$(GO) test -tags bugs -run TestBugs ./core/sim ./cmd/parsec

unit: ## run the tests
	@echo "== unit: go test"
	@$(GO) test -timeout 30m ./...

fuzz: ## run every fuzz target for FUZZTIME each (10m)
	@echo "== fuzz: $(FUZZTIME) each"
	@$(GO) run ./ci/fuzz -time $(FUZZTIME)

fuzz-short: ## run every fuzz target for 3s each
	@$(MAKE) --no-print-directory fuzz FUZZTIME=3s

replay: ## replay the bundled recordings and meta-votes
	@echo "== replay: every bundled recording, then the meta-votes"
	@$(GO) run ./cmd/parsec replay
	@$(GO) run ./cmd/parsec replay -meta-votes

soak: ## compare the core with the plain algorithm on SEEDS random sections (1000), simulate as many, and HOSTILE attacked ones (100000)
	@echo "== soak: $(SEEDS) seeds, and $(HOSTILE) of hostile messages; Ctrl-C says how far it came"
	@$(GO) test ./core -run TestSoak -soak.seeds=$(SEEDS) -count=1 -timeout 0 -v
	@$(GO) test ./core/sim -run 'TestSoak$$' -sim.seeds=$(SEEDS) -count=1 -timeout 0 -v
	@$(GO) test ./core/sim -run TestSoakHostile -sim.hostile=$(HOSTILE) -count=1 -timeout 0 -v

crash: ## kill random nodes with kill -9 KILLS times (500) under load; the report goes to crash-report
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && $(GO) build -o "$$dir/loadgen" ./cmd/loadgen && \
		"$$dir/loadgen" -nodes 4 -closed 100 -crash $(KILLS) -duration $$(( $(KILLS) * 10 ))s -away other -retry other -out crash-report

idle: ## look for DURATION (1h) whether four idle nodes hold more and more
	@$(GO) test ./cmd/loadgen -run 'TestIdle$$' -growth.for=$(DURATION) -count=1 -timeout 0 -v

# At their own pace four nodes make 1,200 events a second: an hour would take a gigabyte for each.
steady: ## look for DURATION (1h) whether four nodes at 200 submissions a second hold more than what they decide
	@$(GO) test ./cmd/loadgen -run 'TestSteady$$' -growth.for=$(DURATION) -growth.gossip=200ms -count=1 -timeout 0 -v

sim: ## simulate SEEDS sections (1000) and print a line for each
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && $(GO) build -o "$$dir/parsec" ./cmd/parsec && \
		"$$dir/parsec" sim -seeds 1..$(SEEDS)

bench: ## run the benchmarks that match BENCH (all), COUNT times each (1)
	@$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) -timeout 0 ./bench/... ./core/...

ceiling: ## print what share of hashing and verifying alone the whole way of messages into a node gets
	@$(GO) test -run '^$$' -bench Share -benchtime 10x -timeout 0 ./core

compare: ## compare the working tree with BASE (HEAD~1), in full or with PERF=-short
	@$(PERF_COMMAND) compare $(PERF) $(BASE)

gate: ## judge the working tree against BASE (HEAD~1) by the short profile
	@$(PERF_COMMAND) gate -short $(PERF) $(BASE)

noise: ## measure the noise of this kind of machine by RUNS runs (100), about 20 s each
	@$(PERF_COMMAND) noise -runs $(RUNS) -resume $(PERF)

instr: ## count the instructions of the working tree's benchmarks, with valgrind
	@$(PERF_COMMAND) instr $(PERF)

track: ## benchmark HEAD and record it in results, to be committed
	@$(PERF_COMMAND) track $(PERF)

curves: ## measure latency against throughput of 4 to 16 local nodes: results/load, README; takes 15 minutes
	@GO='$(GO)' bash results/load/measure.sh

profiles: ## capture the profiles of the main workloads at HEAD, and default.pgo from them; takes minutes
	@GO='$(GO)' bash profiles/capture.sh
	@$(MAKE) --no-print-directory pgo

pgo: ## make profiles/default.pgo from the captured CPU profiles
	@$(GO) tool pprof -proto -output profiles/default.pgo.tmp profiles/*.cpu.pprof 2>/dev/null
	@mv profiles/default.pgo.tmp profiles/default.pgo

pgo-gain: ## benchmark with and without profiles/default.pgo, in turns
	@GO='$(GO)' bash profiles/pgo-gain.sh

rehome: ## move the module: make rehome MODULE=host/owner/parsec
	@if [ -z "$$MODULE" ]; then echo "usage: make rehome MODULE=host/owner/parsec" >&2; exit 2; fi
	@$(GO) run ./ci/rehome "$$MODULE"
