#!/usr/bin/env bash
# Captures CPU and allocations of each main workload, in separate runs, at HEAD: make profiles.
# CAPTURETIME is how long each CPU profile is (3s). It stops at the first that fails; those it has made by
# then are whole.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
${GO:-go} build -o "$bin/perf" ./cmd/perf # by no profile: it may be that there is none yet

capture() { # benchmark, mode, peers, name
	"$bin/perf" flame -bench "$1/mode=$2/peers=$3" -type cpu -time "${CAPTURETIME:-3s}" -o "$4.cpu.pprof" HEAD
	"$bin/perf" flame -bench "$1/mode=$2/peers=$3" -type alloc_space -time 1x -o "$4.allocs.pprof" HEAD
}
for mode in single supermajority; do
	for peers in 4 8 16 32; do
		capture Replay $mode $peers "$(printf 'profiles/replay-%s-n%02d' $mode $peers)"
	done
	for peers in 64 100 256; do
		capture Generated $mode $peers "$(printf 'profiles/generated-%s-n%03d' $mode $peers)"
	done
done
