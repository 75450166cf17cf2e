#!/usr/bin/env bash
# Collect a study on one GPU, in slices: [STUDY=haystack-128] bench/haystack.sh [SECONDS] [WORKERS]. Run it again until it says "complete".
# A slice ends by being stopped; what is finished is kept, and the next goes on from there. Model by model, so that each program
# is compiled once a slice. results/STUDY/ is all there is to carry from one slice's machine to the next.
# Small networks leave most of a GPU idle: CUDA's MPS lets the kernels of many workers run side by side. The 2,508 fine-tunes of haystack
# took 16 workers on 16 cores 9 minutes of one H100 that way, compiling included.
set -euo pipefail
cd "$(dirname "$0")/.."
export TF_FORCE_GPU_ALLOW_GROWTH=true
study=${STUDY:-haystack-128}
if command -v nvidia-cuda-mps-control >/dev/null; then
    export CUDA_MPS_PIPE_DIRECTORY=${CUDA_MPS_PIPE_DIRECTORY:-$(mktemp -d)} CUDA_MPS_LOG_DIRECTORY=${CUDA_MPS_LOG_DIRECTORY:-$(mktemp -d)}
    nvidia-cuda-mps-control -d
    trap 'echo quit | nvidia-cuda-mps-control' EXIT
fi
status=0
timeout --signal=TERM "${1:-530}" .venv/bin/needle collect --study "$study" --order model --workers "${2:-16}" || status=$?
if [ "$status" != 0 ] && [ "$status" != 124 ]; then exit "$status"; fi
.venv/bin/needle plan --study "$study" --device h100
