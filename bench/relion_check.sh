#!/bin/bash
# Does RELION read what `cryomer simulate` writes, and get the molecule out of it? Needs relion_reconstruct and relion_project (Debian:
# apt-get install relion); not a part of the tests. Usage:
#
#   bench/relion_check.sh BUILD_FOLDER STRUCTURE.pdb OUT_FOLDER [PARTICLES] [PRESET]
#
# 1. relion_reconstruct with the true poses and the CTF, of PARTICLES images of one state: FSC against the structure's map, and against
#    its mirror image.
# 2. relion_project of the structure's map at our poses with our CTF, against our noise-free weak-phase images in vacuum.
set -euo pipefail
build=$(realpath "$1") structure=$(realpath "$2") out=$3 particles=${4:-5000} preset=${5:-seed-physical}
command -v relion_reconstruct relion_project > /dev/null || { echo "relion is not installed (Debian: apt-get install relion)"; exit 1; }
cryomer=$build/apps/cryomer/cryomer map_check=$build/bench/map_check
mkdir -p "$out" && cd "$out"

"$cryomer" simulate --preset "$preset" --structure "$structure" --ensemble "$structure" --particles "$particles" --out images --overwrite --quiet
"$map_check" write "$structure" true.mrc 64 1.2 60
(cd images && relion_reconstruct --i truth.star --o ../reconstructed.mrc --ctf > ../relion_reconstruct.log 2>&1)
"$map_check" fsc reconstructed.mrc true.mrc | tee fsc.csv | tail -1
awk -F, 'NR > 1 && $1 < 12 && $1 > 5 { a += $2; b += $3; n += 1 } END { printf "mean FSC from 12 to 5 A: %.3f, of the mirror image %.3f\n", a / n, b / n }' fsc.csv

# A box that loses nothing, no noise to speak of, the same B-factor.
"$cryomer" simulate --preset seed-physical --structure "$structure" --ensemble "$structure" --particles 40 --out clean --overwrite --quiet \
  --propagation weak-phase --solvent none --set specimen.absorption=none --set ice.scattering=none --dose 1000000 --box 128 --b-factor 60 \
  --micrograph-size 512 --particles-per-micrograph 4 --min-dist 150 --set lens.energy_spread=0 --set lens.illumination_angle=0 --mtf ideal --dqe 1
"$map_check" write "$structure" true128.mrc 128 1.2 60
(cd clean && relion_project --i ../true128.mrc --o ../projected --ang truth.star --ctf --angpix 1.2 > ../relion_project.log 2>&1)
"$map_check" correlate clean/particles.mrcs projected.mrcs 1
awk -F'[:,]' '/"snr_box"/ { printf "of at most %.5f that the noise of 1e6 e/A^2 leaves\n", sqrt($2 / (1 + $2)) }' clean/simulation.json
