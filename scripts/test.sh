#!/usr/bin/env bash
# test.sh [FLAG...]: every test, with extra flags for go test. Packages one after the other: each starts browsers.
set -euo pipefail
cd "$(dirname "$0")/.."
go build ./... # in parallel, which -p=1 forbids below
exec scripts/with-runtime.sh go test -p=1 -count=1 -timeout=30m "$@" ./...
