#!/usr/bin/env bash
# fuzz.sh [TIME]: every fuzz target of the module, one after the other, TIME (30s, 10m) each: those in Go, and the C of renderers by
# libFuzzer. FUZZONLY=NAME runs one; the C's name is FuzzRendererC.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need_go
cd "$checkout"
time=${1:-30s} only=${FUZZONLY:-} count=0

wanted() { [ -z "$only" ] || [ "$only" = "$1" ]; }

# seconds TIME: 90, 90s, 10m or 1h in seconds.
seconds() {
  case $1 in
    *h) echo $((${1%h} * 3600)) ;;
    *m) echo $((${1%m} * 60)) ;;
    *) echo "${1%s}" ;;
  esac
}

# What libFuzzer learns stays in the build folder, so that the next run goes on from there; a crash is a file in build/fuzz named crash-….
fuzz_c() {
  command -v clang >/dev/null || die "libFuzzer comes with clang: scripts/setup.sh fuzz installs it"
  make_build
  local dir=$build/fuzz
  mkdir -p "$dir/corpus"
  CC=clang renderer/fuzz/build.sh "$dir/replay" address,undefined fuzz/replay.c
  CC=clang renderer/fuzz/build.sh "$dir/renderer" address,undefined,fuzzer
  "$dir/replay" renderer/fuzz/testdata/corpus.txt "$dir/corpus" 2>/dev/null
  "$dir/renderer" -max_total_time="$(seconds "$time")" -max_len=600 -rss_limit_mb=3000 -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$dir/" "$dir/corpus" 2>"$dir/renderer.log" || { tail -40 "$dir/renderer.log" >&2; die "libFuzzer: $dir/renderer.log"; }
  grep -e 'Done ' -e 'cov: ' "$dir/renderer.log" | tail -2
}

for package in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./...); do
  grep -lq '^func Fuzz' "$package"/*_test.go 2>/dev/null || continue
  for target in $(cd "$package" && go test -list '^Fuzz' . | grep '^Fuzz'); do
    wanted "$target" || continue
    say "$target in ${package#"$checkout"/}"
    (cd "$package" && go test -run='^$' -fuzz="^$target\$" -fuzztime="$time" -fuzzminimizetime=10x .)
    count=$((count + 1))
  done
done
if wanted FuzzRendererC; then
  say "FuzzRendererC in renderer/fuzz"
  fuzz_c
  count=$((count + 1))
fi
[ $count -gt 0 ] || die "no fuzz target is named $only"
say "$count fuzz targets, no failure"
