#!/usr/bin/env bash
# Runs mutations in numbers for a night: tests/mutate.sh [COUNT] [FROM]. See tests/mutate/main.rs; figures go to
# docs/checks/robustness.md. Overflow checks stay on, our own code is optimized.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export ENGINESMITH_MUTATIONS=${1:-1000000} ENGINESMITH_MUTATIONS_FROM=${2:-0} CARGO_PROFILE_DEV_OPT_LEVEL=2
exec nice cargo test --test mutate -- --nocapture
