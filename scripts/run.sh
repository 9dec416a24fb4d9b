#!/usr/bin/env bash
# run.sh PACKAGE [ARG...]: build an app and run it as an ordinary user. Without a display it gets one of its own (Xvfb), plays its
# scripted tour (ORIEL_TOUR=1), leaves a screenshot in the build folder (ORIEL_SCREENSHOT=FILE) and ends.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || die "usage: run.sh PACKAGE [ARG...]"
package=$1
shift
tour_limit=120
name=$(basename "$package")

need_go
find_stage
find_cef
(cd "$checkout" && go build -o "$build/bin/$name" "$package")
program=$build/bin/$name
if [ "$stage" != "$build" ]; then
  mkdir -p "$stage/bin"
  cp -f "$program" "$stage/bin/$name"
  program=$stage/bin/$name
  cd "$stage"
elif is_root && ! drop test -x .; then
  cd "$stage"
fi

# Of a program that is another user's, as root's is for nobody, Chromium takes only the setuid helper beside it.
if is_root && [ -u "$ORIEL_CEF_DIR/chrome-sandbox" ]; then ln -sfn "$ORIEL_CEF_DIR/chrome-sandbox" "${program%/*}/chrome-sandbox"; fi

scratch=
xvfb=
finish() {
  [ -z "$xvfb" ] || { kill "$xvfb" 2>/dev/null || true; wait "$xvfb" 2>/dev/null || true; }
  [ -z "$scratch" ] || rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# write_cookie FILE: an Xauthority file with a random key for any host and display, in its own binary form.
write_cookie() {
  { printf '\377\377\0\0\0\0\0\022MIT-MAGIC-COOKIE-1\0\020'; head -c 16 /dev/urandom; } >"$1"
}

# start_display: an X server on a free number, with a key, so that no other user of the machine can look on.
start_display() {
  local number=
  [ -d /tmp/.X11-unix ] || mkdir -m 1777 /tmp/.X11-unix 2>/dev/null || true # an X server makes it only if it is root's
  export XAUTHORITY=$scratch/cookie
  write_cookie "$XAUTHORITY"
  mkfifo "$scratch/number"
  if is_root; then chown -R $nobody:$nobody "$scratch"; fi
  as_user Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset -auth "$XAUTHORITY" 3>"$scratch/number" 2>"$scratch/xvfb.log" >/dev/null &
  xvfb=$!
  read -r -t 20 number <"$scratch/number" || true
  if [ -z "$number" ]; then
    cat "$scratch/xvfb.log" >&2
    die "Xvfb did not start"
  fi
  export DISPLAY=:$number
}

scratch=$(mktemp -d "$stage/run.XXXXXX")
if is_root; then chown $nobody:$nobody "$scratch"; fi
shot=
if [ -z "${DISPLAY:-}" ]; then
  command -v Xvfb >/dev/null || die "there is no display and no Xvfb: make setup"
  start_display
  shot=$scratch/screenshot.png
  export ORIEL_TOUR=1 ORIEL_SCREENSHOT=$shot
  say "no display: $name runs on a display of its own ($DISPLAY), plays its tour and leaves a screenshot"
elif is_root && [ -r "${XAUTHORITY:-$HOME/.Xauthority}" ]; then
  cp "${XAUTHORITY:-$HOME/.Xauthority}" "$scratch/cookie" # nobody cannot read root's
  chown $nobody:$nobody "$scratch/cookie"
  export XAUTHORITY=$scratch/cookie
fi
if is_root; then say "root cannot have Chromium's sandbox: $name runs as the user nobody"; fi

rc=0
if [ -n "$shot" ]; then
  # Nobody sees a tour that hangs, so it must not.
  as_user timeout --kill-after=10 "$tour_limit" "$program" "$@" || rc=$?
  [ $rc != 124 ] || die "$name did not end its tour within $tour_limit seconds"
else
  as_user "$program" "$@" || rc=$?
fi
if [ $rc != 0 ]; then die "$name ended with status $rc"; fi
if [ -n "$shot" ]; then
  [ -s "$shot" ] || die "$name left no screenshot"
  cp -f "$shot" "$build/$name.png"
  say "screenshot: $build/$name.png"
fi
