#!/usr/bin/env bash
# test.sh [FLAG...]: every test, with extra flags for go test. Packages one after the other: each starts browsers. The tag cefdebug
# counts the references to libcef's objects, for the tests that nothing is left.
set -euo pipefail
cd "$(dirname "$0")/.."
go build -tags=cefdebug ./... # in parallel, which -p=1 forbids below
exec scripts/with-runtime.sh go test -tags=cefdebug -p=1 -count=1 -timeout=30m "$@" ./...
