#!/usr/bin/env bash
# clean.sh: remove what the other scripts made in the build folder, and in the folder used instead of it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
rm -rf "$build"
other=/var/tmp/oriel-$(printf '%s' "$checkout" | sha256sum | cut -c1-12)
if is_root && [ ! -L "$other" ] && [ -d "$other" ]; then rm -rf "$other"; fi
