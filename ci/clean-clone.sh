#!/usr/bin/env bash
# Checks that what is committed builds by itself: nothing it needs is ignored or was forgotten.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v git >/dev/null || ! [ -e .git ]; then
	echo "== clean-clone: skipped: no git, or not a clone"
	exit 0
fi
echo "== clean-clone: go vet of what is committed"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# An archive and not a clone: it needs no permission from git for a folder that belongs to another
# user, as in a container, beyond the one given here.
git -c safe.directory='*' archive HEAD | tar -x -C "$copy"
cd "$copy"
go vet ./...
