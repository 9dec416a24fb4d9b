#!/usr/bin/env bash
# lint.sh: what can be said about the code without running it. Each check's verdict is one line; the last line of standard output
# is "checks: N passed, N failed".
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need_go
cd "$checkout"
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

passed=0 failed=0
check() { # NAME CMD...
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then
    passed=$((passed + 1))
    printf 'ok    %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'FAIL  %s\n%s\n' "$name" "$out"
  fi
}

formatted() {
  local files
  files=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 -r gofmt -l)
  [ -z "$files" ] || { printf 'not gofmt-ed:\n%s\n' "$files"; return 1; }
}

# generated files are compared with what lay there before, so that work that is not committed yet does no harm.
generated() {
  local before after
  before=$(state)
  go generate ./... || return 1
  after=$(state)
  [ "$before" = "$after" ] || { echo 'go generate changed files: commit what it writes'; git status --short; return 1; }
}
state() { git ls-files -z --cached --others --exclude-standard | xargs -0 -r sha256sum 2>/dev/null || true; }

shell_parses() {
  local f
  for f in $(git ls-files '*.sh') .ci/run; do bash -n "$f" || return 1; done
}

check 'gofmt' formatted
check 'go vet' go vet ./...
check 'go vet with the tag cefdebug' go vet -tags=cefdebug ./...
check "staticcheck (${staticcheck##*@})" go run "$staticcheck" ./...
check 'C with -Wall -Wextra -Werror' scripts/check-c.sh
check 'generated files are up to date' generated
check 'shell scripts parse' shell_parses
printf 'checks: %d passed, %d failed\n' "$passed" "$failed"
[ $failed = 0 ]
