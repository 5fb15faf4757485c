#!/bin/sh
# mpirun.sh with four ranks: whole, and with a rank that is killed, whereupon mpirun ends all and the same command goes on.   mpi.sh PROGRAMS
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
has mpirun
# what mpirun asks of who is root, and of a machine with less than four cores
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe
plain
# shellcheck disable=SC2086
run() { cd "$work/$1" && exec sh "$scripts/mpirun.sh" $study >printed 2>errors; }

mkdir "$work/whole" "$work/killed"
(run whole) || die "mpirun.sh: $(cat "$work/whole/errors")"
cmp "$work/plain/printed" "$work/whole/printed" || die "another answer on the terminal"
same "$work/whole"

(run killed) &
until_true "some results" some_results "$work/killed"
kill_one "$work/killed"
if wait $!; then die "mpirun.sh said nothing of a rank that was killed"; fi
on_the_way "$work/killed"
until_true "no rank is left" no_workers "$work/killed"
(run killed) || die "the same command: $(cat "$work/killed/errors")"
same "$work/killed"
echo "cluster/mpi: four ranks, a rank that was killed: the same bytes"
