#!/usr/bin/env bash
# check-c.sh: compile every C file of the module, and the C inside Go files as cgo writes it out, with -Wall -Wextra -Werror.
# "go build" with these flags will not do: Go's own runtime/cgo is compiled with them too, and has an unused parameter.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
need_go
cd "$checkout"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cc=${CC:-gcc}
warn=(-O2 -g -Wall -Wextra -Werror)
count=0 failed=0

compile() { # FLAG... FILE
  count=$((count + 1))
  "$cc" "${warn[@]}" "$@" -S -o /dev/null || failed=$((failed + 1))
}

while IFS='|' read -r path dir go_files c_files flags; do
  read -ra flags <<<"$flags"
  read -ra go_files <<<"$go_files"
  read -ra c_files <<<"$c_files"
  objects=$scratch/$(printf '%s' "$path" | tr / -)
  mkdir -p "$objects"
  cd "$dir"
  if [ ${#go_files[@]} -gt 0 ]; then
    go tool cgo -objdir "$objects" -importpath "$path" -- -I. "${flags[@]}" "${go_files[@]}"
    # cgo's wrapper of a function without parameters has one that it does not use.
    for f in "$objects"/*.cgo2.c "$objects"/_cgo_export.c; do compile -Wno-unused-parameter -I. -I"$objects" "${flags[@]}" "$f"; done
  fi
  for f in "${c_files[@]}"; do compile -I. -I"$objects" "${flags[@]}" "$f"; done
done < <(go list -f '{{if or .CgoFiles .CFiles}}{{.ImportPath}}|{{.Dir}}|{{join .CgoFiles " "}}|{{join .CFiles " "}}|{{join .CgoCFLAGS " "}}{{end}}' ./... | grep .)

# C that no Go package compiles (a host of the benchmarks) includes what it needs by paths from the checkout.
cd "$checkout"
while read -r f; do
  [ -n "$(go list -f '{{.CFiles}}' "./$(dirname "$f")" 2>/dev/null | grep -w "$(basename "$f")")" ] || compile -std=gnu11 -I. -Icef -Icef/include "$f"
done < <(git ls-files '*.c')
[ $failed = 0 ] || die "$failed of $count C files have warnings"
say "$count C files, no warning"
