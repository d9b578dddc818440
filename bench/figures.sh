#!/usr/bin/env bash
# The measurements of docs/experiments.md on the shared data sets: simulate, train with given poses, infer, sample, evaluate.
#
#   bench/figures.sh adk|aurka OUT [MAX_TIME] [flags of cryomer train ...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${CRYOMER_SHARED_DATA:-$root/../shared/data}
cryomer=${CRYOMER:-$root/build/default/apps/cryomer/cryomer}
set_name=${1:?usage: bench/figures.sh adk|aurka OUT [MAX_TIME] [flags of cryomer train ...]} out=${2:?no folder given}
case $set_name in
  adk) structure=$data/adk/adk_open.pdb states=$data/adk/adk_dims.dcd particles=4096 snr=0.05 time=${3:-10m}
       distances=(--distance A/55/CA:A/169/CA --distance A/127/CA:A/194/CA) ;;
  aurka) structure=$data/aurka/base.pdb states=$data/aurka/apo_ensemble.dcd particles=10000 snr=0.1 time=${3:-20m}
         distances=(--distance A/284/CA:A/225/CA --distance A/288/CA:A/255/CZ) ;;
  *) echo "error: data set '$set_name' is unknown. Known: adk, aurka" >&2; exit 2 ;;
esac
[[ -e $structure ]] || { echo "error: $structure is missing; CRYOMER_SHARED_DATA says where the data sets are" >&2; exit 1; }
mkdir -p "$out"
[[ -e $out/sim/truth.star ]] || "$cryomer" simulate --structure "$structure" --ensemble "$states" --out "$out/sim" \
  --particles $particles --box 64 --pixel-size 1.2 --defocus 5000 --snr $snr --shift-sigma 1.2
"$cryomer" train "$out/sim/truth.star" --structure "$structure" --poses given --max-time "$time" --out "$out/run" --overwrite "${@:4}"
"$cryomer" infer "$out/run" --out "$out/posterior" --overwrite
"$cryomer" sample "$out/run" --n 2048 --out "$out/ensemble.dcd" --overwrite
for atoms in ca heavy; do
  "$cryomer" evaluate --structure "$structure" --posterior "$out/posterior" --ensemble "$out/ensemble.dcd" --truth "$states" \
    --truth-star "$out/sim/truth.star" --atoms $atoms "${distances[@]}" --json "$out/$atoms.json" | tee "$out/$atoms.txt"
done
