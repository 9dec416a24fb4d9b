# Shared by the scripts in this folder; sourced, not run. Bash only, and nothing that a minimal Debian lacks.
#
# Root cannot run Chromium with its sandbox on. So whatever starts an app goes through as_user: for root that is the user nobody
# with a home of its own in the build folder, for everyone else the user who called.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$checkout/build
nobody=65534

say() { printf '%s\n' "oriel: $*" >&2; }
die() { say "$*"; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }

# drop CMD...: run it as nobody, without root's groups, privileges and environment of sudo.
drop() {
  setpriv --reuid=$nobody --regid=$nobody --clear-groups --inh-caps=-all \
    env -u SUDO_USER -u SUDO_UID -u SUDO_GID -u SUDO_COMMAND -u WAYLAND_DISPLAY \
    HOME="$stage/home" USER=nobody LOGNAME=nobody XDG_RUNTIME_DIR="$stage/run" XDG_CACHE_HOME="$stage/home/.cache" \
    XDG_CONFIG_HOME="$stage/home/.config" XDG_DATA_HOME="$stage/home/.local/share" XDG_STATE_HOME="$stage/home/.local/state" "$@"
}

# need_go: one clear line instead of "go: command not found" somewhere below. Version stamps are off: git refuses to answer about
# a checkout that belongs to somebody else, as it does when root builds in a user's folder.
need_go() {
  if ! command -v go >/dev/null && [ -x /usr/local/go/bin/go ]; then PATH=$PATH:/usr/local/go/bin; fi # sudo cuts PATH short
  command -v go >/dev/null || die "Go is missing: install Go 1.26 or newer (go.dev/doc/install) and put its bin folder in PATH."
  GOFLAGS="$(go env GOFLAGS) -buildvcs=false"
  export GOFLAGS
}

# make_build: the build folder belongs to whoever the checkout belongs to, so that root and its owner can take turns.
make_build() {
  mkdir -p "$build/bin"
  if is_root; then chown --reference="$checkout" "$build" "$build/bin"; fi
}

# find_stage: sets stage to the folder that binaries, homes and, if need be, the runtime are put in for the user who runs the app.
# It is the build folder, unless nobody cannot get there (a checkout below a home of mode 700).
find_stage() {
  stage=$build
  make_build
  is_root || return 0
  if ! setpriv --reuid=$nobody --regid=$nobody --clear-groups test -x "$build"; then
    stage=/var/tmp/oriel-$(printf '%s' "$checkout" | sha256sum | cut -c1-12)
    mkdir -m 755 "$stage" 2>/dev/null || true
    # The name can be guessed: somebody else's folder or link there is not ours to use.
    if [ -L "$stage" ] || [ "$(stat -c %u "$stage")" != 0 ]; then die "$stage is not root's: remove it."; fi
    [ "${1:-}" = quietly ] || say "the user nobody cannot reach $build: what it needs is put in $stage"
  fi
  chmod 755 "$stage"
  local dir
  for dir in home run; do
    mkdir -p "$stage/$dir"
    chown $nobody:$nobody "$stage/$dir"
    chmod 700 "$stage/$dir"
  done
}

fetch_cef() { (cd "$checkout" && go run ./scripts/fetch-cef "$@"); }

# find_cef: sets ORIEL_CEF_DIR to a fetched runtime that the user who runs the app can read. Needs find_stage.
find_cef() {
  local dir=${ORIEL_CEF_DIR:-}
  if [ -z "$dir" ]; then
    dir=$(fetch_cef --offline --quiet) || die "the CEF runtime is not there: make setup"
  fi
  if is_root && ! drop test -r "$dir/libcef.so"; then
    if [ -n "${ORIEL_CEF_DIR:-}" ]; then die "ORIEL_CEF_DIR=$dir is not readable for the user nobody, who runs the app for root."; fi
    dir=$(fetch_cef --offline --quiet --dir "$stage/cef") || die "the CEF runtime could not be put in $stage/cef"
  fi
  export ORIEL_CEF_DIR=$dir
  mend_sandbox "$dir"
}

# as_user CMD...: run it as an ordinary user. Needs find_stage.
as_user() { if is_root; then drop "$@"; else "$@"; fi; }

# sudo_works: may this user become root, now or after typing a password?
sudo_works() {
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

as_root() { if is_root; then "$@"; else sudo "$@"; fi; }

# mend_sandbox DIR: where Ubuntu's AppArmor forbids user namespaces, Chromium's sandbox needs its setuid helper. Oriel points
# Chromium to the one in the runtime's folder if it is root's and setuid. The file is compared with what is pinned after root got
# it and before it becomes setuid.
mend_sandbox() {
  local helper=$1/chrome-sandbox sum
  [ "$(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null)" = 1 ] || return 0
  [ "$(stat -c '%u:%a' "$helper")" = 0:4755 ] && return 0
  if ! is_root && ! sudo_works; then
    say "AppArmor forbids user namespaces here, and Chromium's sandbox needs its setuid helper instead. As root, type:"
    say "  chown root:root '$helper' && chmod 4755 '$helper'"
    exit 1
  fi
  say "AppArmor forbids user namespaces here: making $helper setuid root, which Chromium's sandbox uses instead"
  sum=$(sed -n 's/.*"name":"chrome-sandbox".*"sha256":"\([0-9a-f]*\)".*/\1/p' "$checkout/third_party/cef.json")
  as_root chown root:root "$helper"
  as_root chmod 0755 "$helper"
  printf '%s  %s\n' "$sum" "$helper" | sha256sum --check --status || die "$helper is not the pinned one: it stays without setuid."
  as_root chmod 4755 "$helper"
  [ "$(stat -c '%u:%a' "$helper")" = 0:4755 ] || die "$helper could not be made setuid root."
}
