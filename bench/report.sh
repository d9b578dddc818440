#!/usr/bin/env bash
# What a report on 10,000 particles costs: the time to make it, its size, and how soon a browser shows it.
#
#   bench/report.sh OUT [EPOCHS]      (needs node and Chromium for the last)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${CRYOMER_SHARED_DATA:-$root/../shared/data}/aurka
cryomer=${CRYOMER:-$root/build/default/apps/cryomer/cryomer}
out=${1:?usage: bench/report.sh OUT [EPOCHS]} epochs=${2:-12}
[[ -e $data/base.pdb ]] || { echo "error: $data/base.pdb is missing; CRYOMER_SHARED_DATA says where the data sets are" >&2; exit 1; }
mkdir -p "$out"
[[ -e $out/ensemble.dcd ]] || {
  "$cryomer" simulate --structure "$data/base.pdb" --ensemble "$data/apo_ensemble.dcd" --out "$out/sim" --particles 10000 --box 64 \
    --pixel-size 1.2 --defocus 5000 --snr 0.1 --shift-sigma 1.2 --overwrite
  "$cryomer" train "$out/sim/truth.star" --structure "$data/base.pdb" --poses given --epochs "$epochs" --out "$out/run" --threads 1 --overwrite
  "$cryomer" infer "$out/run" --out "$out/posterior" --overwrite
  "$cryomer" sample "$out/run" --n 2048 --out "$out/ensemble.dcd" --overwrite
}
TIMEFORMAT='made in %R s (%U s of one core)'
time "$cryomer" report "$out/run" --ensemble "$out/ensemble.dcd" --posterior "$out/posterior" --truth "$data/apo_ensemble.dcd" \
  --truth-star "$out/sim/truth.star" --distance A/284/CA:A/225/CA --distance A/288/CA:A/255/CZ --threads 1 --out "$out/report.html" --overwrite
echo "$(stat -c %s "$out/report.html") bytes"
node "$root/web/test/first_paint.mjs" "$out/report.html"
