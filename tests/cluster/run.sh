#!/bin/sh
# All scripts of examples/cluster, by real schedulers: those that are here, or can be installed; the others are named.   run.sh PROGRAMS
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../../examples/need.sh
. "$here/../../examples/need.sh"
for packages in "munge slurm-wlm" "openmpi-bin libopenmpi-dev" parallel findutils; do
    # shellcheck disable=SC2086
    (need_packages "for the cluster gates" $packages) || say "not installed: $packages"
done
sh "$here/processes.sh" "$1" xargs
sh "$here/processes.sh" "$1" parallel
sh "$here/mpi.sh" "$1"
sh "$here/allreduce.sh" "$1"
sh "$here/slurm.sh" "$1"
