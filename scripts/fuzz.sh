#!/usr/bin/env bash
# fuzz.sh [TIME]: every fuzz target of the module, one after the other, TIME (30s) each.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need_go
cd "$checkout"
count=0
for package in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./...); do
  grep -lq '^func Fuzz' "$package"/*_test.go 2>/dev/null || continue
  for target in $(cd "$package" && go test -list '^Fuzz' . | grep '^Fuzz'); do
    say "$target in ${package#"$checkout"/}"
    (cd "$package" && go test -run='^$' -fuzz="^$target\$" -fuzztime="${1:-30s}" .)
    count=$((count + 1))
  done
done
say "$count fuzz targets, no failure"
