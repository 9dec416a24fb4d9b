#!/usr/bin/env bash
# as-user.sh CMD...: run a command as an ordinary user, who can start an app with the sandbox on: for root that is nobody, with a
# home in the build folder; everyone else stays who they are. Sets ORIEL_CEF_DIR to a runtime that this user can read.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || die "usage: as-user.sh CMD..."
need_go
find_stage
find_cef
if is_root && ! drop test -x .; then cd "$stage"; fi
as_user "$@"
