#!/usr/bin/env bash
# with-runtime.sh CMD...: run a command, as whoever calls, that starts apps itself. It gets
#   ORIEL_CEF_DIR   a CEF runtime that an ordinary user can read
#   ORIEL_STAGE     a folder that an ordinary user (nobody, if root calls) can reach and write to, for binaries and homes
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || die "usage: with-runtime.sh CMD..."
need_go
find_stage
find_cef
export ORIEL_STAGE=$stage/stage
mkdir -p "$ORIEL_STAGE"
if is_root; then chown $nobody:$nobody "$ORIEL_STAGE"; fi
chmod 755 "$ORIEL_STAGE"
cd "$checkout"
exec "$@"
