#!/usr/bin/env bash
# Collect the study haystack on a GPU, in slices: bench/haystack.sh [SECONDS] [WORKERS]. Run it again until it says "complete".
# A slice ends by being stopped; what is finished is kept, and the next goes on from there. Model by model, so that each program
# is compiled once a slice. results/haystack/ is all there is to carry from one slice's machine to the next.
set -euo pipefail
cd "$(dirname "$0")/.."
export TF_FORCE_GPU_ALLOW_GROWTH=true
study=${STUDY:-haystack}
status=0
timeout --signal=TERM "${1:-530}" .venv/bin/needle collect --study "$study" --order model --workers "${2:-3}" || status=$?
if [ "$status" != 0 ] && [ "$status" != 124 ]; then exit "$status"; fi
.venv/bin/needle plan --study "$study" --device h100
