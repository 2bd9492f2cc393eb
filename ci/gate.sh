#!/usr/bin/env bash
# Judges HEAD against the last tracked commit, which is built again here: stored figures are never compared
# with. Prints benchstat's table and the gate's verdict, and fails unless that is a pass.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v git >/dev/null || ! [ -e .git ]; then
	if [ "${CI:-}" = true ]; then
		echo "== gate: FAILED: no git, or not a clone, and where CI is true nothing may be skipped"
		exit 2
	fi
	echo "== gate: skipped: no git, or not a clone"
	exit 0
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/perf" ./cmd/perf

base=$("$out/perf" track -last)
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
	git fetch --quiet --unshallow || true # what is missing then, perf says
fi
echo "== gate: what is tracked"
status=0
"$out/perf" track -check || status=$?
[ "$status" -le 1 ] || exit "$status"
if [ -z "$base" ]; then
	base=HEAD~1
	echo "nothing is tracked, so HEAD is compared with HEAD~1"
fi

echo "== gate: perf gate -short $base HEAD"
judged=0
"$out/perf" gate -short -o "$out" "$base" HEAD >"$out/verdict" || judged=$?
if [ "$judged" -eq 2 ]; then
	# A burst of noise can blind the gate. Once more, and no oftener: what cannot be judged does not pass.
	cat "$out/verdict"
	echo "== gate: it could not judge; once more"
	judged=0
	"$out/perf" gate -short -o "$out" "$base" HEAD >"$out/verdict" || judged=$?
fi
if [ -s "$out/head.txt" ]; then
	echo "== gate: benchstat, which does not correct for the number of comparisons"
	go tool benchstat "base=$out/base.txt" "head=$out/head.txt" || judged=2
fi
cat "$out/verdict"
exit "$judged"
