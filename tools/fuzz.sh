#!/usr/bin/env bash
# Runs every fuzz target of the module for a while each: tools/fuzz.sh 10s
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}
try() { go test -tags grpcnotrace -run '^$' -fuzz "^$2\$" -fuzztime "$time" -fuzzminimizetime 1x "$1"; }
# Making a found input smaller may take a minute for a large seed, in which
# nothing is tried: one attempt is enough.
grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r pkg; do
  for f in $(grep -h '^func Fuzz' "$pkg"/*_test.go | sed 's/func \(Fuzz[A-Za-z0-9_]*\).*/\1/'); do
    echo "== $pkg $f"
    # On a busy machine Go's own end of the time may count as a failure; what
    # was really found is kept in testdata and fails again.
    try "$pkg" "$f" || try "$pkg" "$f"
  done
done
