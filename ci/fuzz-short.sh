#!/usr/bin/env bash
# Fuzzes every decoder for a few seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
make fuzz-short
