#!/bin/sh
# Submits a depth study: an array of MEMBERS (default 4), and one job behind it that does what a lost member left, and judges. FLAGS are those of deepid-study.
#   MEMBERS=32 sh slurm.sh FLAGS
set -eu
here=$(cd "$(dirname "$0")" && pwd)
array=$(sbatch --parsable --array="0-$((${MEMBERS:-4} - 1))" "$here/slurm_array.sh" "$@")
last=$(sbatch --parsable --array=0 --dependency="afterany:$array" "$here/slurm_array.sh" "$@")
echo "array $array, then $last: slurm-${last}_0.out will end with the answer"
