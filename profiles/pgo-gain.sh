#!/usr/bin/env bash
# Benchmarks the core built with and without profiles/default.pgo: make pgo-gain. The two take turns in
# fresh processes (off, on, on, off), ROUNDS times (5), which is two samples a round of each. BENCH says
# which benchmarks (Replay), BENCHTIME how long a sample (300ms). benchstat compares.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
$go test -c -trimpath -pgo=off -o "$out/off.test" ./bench
$go test -c -trimpath -pgo=profiles/default.pgo -o "$out/pgo.test" ./bench
for round in $(seq "${ROUNDS:-5}"); do
	for arm in off pgo pgo off; do
		echo "round $round of ${ROUNDS:-5}: $arm" >&2
		(cd bench && "$out/$arm.test" -test.run '^$' -test.bench "${BENCH:-Replay}" \
			-test.benchtime "${BENCHTIME:-300ms}") >>"$out/$arm"
	done
done
cd "$out" # so that the columns are headed off and pgo
$go -C "$OLDPWD" tool benchstat -filter .unit:us/event "off=$out/off" "pgo=$out/pgo"
