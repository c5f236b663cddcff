#!/usr/bin/env bash
# Starts the corpus of open_model from the test models (tests/setup.sh fetches them) and the demo, those under 200 kB.
# Then, with a nightly toolchain and cargo-fuzz:  cargo +nightly fuzz run open_model -- -max_total_time=60
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=$here/corpus/open_model
models=$("$here/../tests/setup.sh" | sed -n "s/^export ENGINESMITH_TEST_MODELS='\(.*\)'$/\1/p")
mkdir -p "$corpus"
find "$models" "$here/../examples" -name '*.onnx' -size -200k -print0 |
    while IFS= read -r -d '' file; do
        cp "$file" "$corpus/$(sha256sum "$file" | cut -c1-16)"
    done
echo "$(find "$corpus" -type f | wc -l) files in $corpus"
