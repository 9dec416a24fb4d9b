#!/usr/bin/env bash
# build.sh OUTPUT SANITIZERS [FILE.c...]: the C of renderers, and of messages in the main process, with the fake libcef, by ${CC:-gcc}.
set -euo pipefail
output=$1 sanitizers=$2
shift 2
cd "$(dirname "$0")/.."
defines=()
if [[ $sanitizers == *fuzzer* ]]; then defines+=(-DORIEL_LIBFUZZER); fi
exec "${CC:-gcc}" -std=gnu11 -g -O1 -Wall -Wextra -Werror -fno-omit-frame-pointer -fsanitize="$sanitizers" -fno-sanitize-recover=all \
  -include fuzz/memory.h ${defines[@]+"${defines[@]}"} -o "$output" \
  app.c argv.c lent.c message.c process.c ring.c session.c world.c ../cef/payload.c fuzz/fake.c fuzz/fake_message.c fuzz/fake_v8.c fuzz/fake_ring.c fuzz/fuzz.c fuzz/fuzz_ring.c "$@"
