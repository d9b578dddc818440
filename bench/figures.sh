#!/usr/bin/env bash
# The measurements of docs/experiments.md on the shared data sets: simulate, train, infer, sample, evaluate.
#
#   [POSES=given|refine|infer] [SNR=X] [STRUCTURE=base.pdb] bench/figures.sh adk|aurka|rigid OUT [MAX_TIME] [flags of cryomer train ...]
#
# rigid: every particle shows the base structure of adk. POSES=refine starts from true poses turned by 10 degrees and moved
# by 2 A (needs the program perturb_poses, which ./run bench builds).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
data=${CRYOMER_SHARED_DATA:-$root/../shared/data}
cryomer=${CRYOMER:-$root/build/default/apps/cryomer/cryomer}
perturb=${CRYOMER_PERTURB:-$root/build/default/bench/perturb_poses}
usage="usage: bench/figures.sh adk|aurka|rigid OUT [MAX_TIME] [flags of cryomer train ...]"
set_name=${1:?$usage} out=${2:?no folder given} poses=${POSES:-given}
adk_distances=(--distance A/55/CA:A/169/CA --distance A/127/CA:A/194/CA)
case $set_name in
  adk) base=$data/adk/adk_open.pdb states=$data/adk/adk_dims.dcd particles=4096 snr=${SNR:-0.05} time=${3:-10m}
       distances=("${adk_distances[@]}") ;;
  rigid) base=$data/adk/adk_open.pdb states=$data/adk/adk_open.pdb particles=4096 snr=${SNR:-0.05} time=${3:-10m}
         distances=("${adk_distances[@]}") ;;
  aurka) base=$data/aurka/base.pdb states=$data/aurka/apo_ensemble.dcd particles=10000 snr=${SNR:-0.1} time=${3:-20m}
         distances=(--distance A/284/CA:A/225/CA --cut 37 --distance A/288/CA:A/255/CZ --cut 6.5) ;;  # the paper's four groups
  *) echo "error: data set '$set_name' is unknown. Known: adk, aurka, rigid" >&2; exit 2 ;;
esac
structure=${STRUCTURE:-$base}
[[ -e $base ]] || { echo "error: $base is missing; CRYOMER_SHARED_DATA says where the data sets are" >&2; exit 1; }
mkdir -p "$out"
[[ -e $out/sim/truth.star ]] || "$cryomer" simulate --structure "$base" --ensemble "$states" --out "$out/sim" \
  --particles $particles --box 64 --pixel-size 1.2 --defocus 5000 --snr "$snr" --shift-sigma 1.2
case $poses in
  given) star=$out/sim/truth.star ;;
  infer) star=$out/sim/particles.star ;;
  refine) star=$out/sim/perturbed.star
          "$perturb" "$out/sim/truth.star" "$star" 10 2 ;;
  *) echo "error: POSES=$poses is unknown. Known: given, refine, infer" >&2; exit 2 ;;
esac
"$cryomer" train "$star" --structure "$structure" --poses "$poses" --max-time "$time" --out "$out/run" --overwrite "${@:4}"
"$cryomer" infer "$out/run" --out "$out/posterior" --overwrite
"$cryomer" sample "$out/run" --n 2048 --out "$out/ensemble.dcd" --overwrite
for atoms in ca heavy; do
  "$cryomer" evaluate --structure "$structure" --posterior "$out/posterior" --ensemble "$out/ensemble.dcd" --truth "$states" \
    --truth-star "$out/sim/truth.star" --atoms $atoms "${distances[@]}" --json "$out/$atoms.json" | tee "$out/$atoms.txt"
done
