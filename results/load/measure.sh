#!/usr/bin/env bash
# Measures the curves of latency against throughput of local sections, writes them to this folder, and the short table into
# README: make curves. It takes about a quarter of an hour, in which nothing else should run on the machine. With the argument
# -summary it only puts the table that is there into README.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${1:-}" != -summary ]; then
	bin=$(mktemp -d)
	trap 'rm -rf "$bin"' EXIT
	${GO:-go} build -buildvcs=auto -pgo=profiles/default.pgo -o "$bin/loadgen" ./cmd/loadgen
	# Where it is allowed, loadgen goes before all else: what it measures then is late only if the nodes are. They give way.
	first=
	if nice -n -10 true 2>/dev/null; then first="nice -n -10"; fi
	# Random data of 128 bytes, which is loadgen's default. -down leaves as many nodes down as a section can do without.
	$first "$bin/loadgen" -quiet -duration "${LENGTH:-8s}" -warmup "${WARMUP:-3s}" -drain 15s -seed 1 -out results/load \
		-curve 4:1k,5k,20k,50k,100k,150k,200k \
		-curve 4-1:1k,5k,20k,50k,100k,150k,200k \
		-curve 7:1k,5k,10k,20k,50k,100k \
		-curve 7-2:1k,5k,10k,20k,50k,100k \
		-curve 10:1k,5k,10k,20k,50k \
		-curve 10-3:1k,5k,10k,20k,50k \
		-curve 16:1k,2k,5k,10k,20k \
		-curve 16-5:1k,2k,5k,10k,20k \
		-curve 4/supermajority:1k,5k,20k,50k,100k \
		-curve 16/supermajority:1k,2k,5k,10k
fi

# A copy is written first: README is whole at any time.
awk -v table=results/load/summary.md '
	/^<!-- \/curves -->$/ { inside = 0 }
	!inside { print }
	/^<!-- curves:.* -->$/ { inside = 1; while ((getline line < table) > 0) print line }
' README.md > README.md.tmp
mv README.md.tmp README.md
