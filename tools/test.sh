#!/usr/bin/env bash
# Runs all tests: packages on SQLite, the store on Postgres too, stories and
# journeys against the real binary. Further arguments go to `go test`.
set -euo pipefail
cd "$(dirname "$0")/.."

NINETEN_TEST_POSTGRES=$(tools/postgres.sh start)
export NINETEN_TEST_POSTGRES
trap 'tools/postgres.sh stop' EXIT

export NINETEN_ARTEFACTS=${NINETEN_ARTEFACTS:-$PWD/artefacts} # screenshots of every page
mkdir -p "$NINETEN_ARTEFACTS"

go vet -tags grpcnotrace ./...
# The stories first: they take longest and mostly wait, so the packages run beside them.
echo "The stories are shown first, after some 20 minutes; all else runs meanwhile."
go test -tags grpcnotrace -vet=off -timeout 40m "$@" ./story ./...
