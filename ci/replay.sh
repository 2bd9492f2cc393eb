#!/usr/bin/env bash
# Replays the bundled recordings by the command that users have.
set -euo pipefail
cd "$(dirname "$0")/.."
make replay
