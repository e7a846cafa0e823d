#!/usr/bin/env bash
# Formatting, vet and static analysis; the tools' versions are in tools/go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."
unformatted=$(gofmt -l $(git ls-files '*.go'))
if [ -n "$unformatted" ]; then
  echo "Not gofmt-clean:" "$unformatted" >&2
  exit 1
fi
go vet -tags grpcnotrace ./...
(cd tools && go build -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck)
./bin/staticcheck -tags grpcnotrace ./...
