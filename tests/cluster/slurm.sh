#!/bin/sh
# The scripts for Slurm under a real one: an array, one of shards, srun on two nodes, a node that dies, a member whose time is up.   slurm.sh PROGRAMS
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/slurm_up.sh"
has munged slurmctld slurmd sbatch srun scancel scontrol squeue sinfo
cleanup() { slurm_stop || true; rm -rf "$work"; }
slurm_start
plain
no_jobs() { [ -z "$(squeue -h)" ]; }
# shellcheck disable=SC2086
array() { mkdir "$work/$1" && (cd "$work/$1" && MEMBERS=2 sh "$scripts/slurm.sh" $study >printed) || die "sbatch refuses the array"; }
answered() { grep -q '^report: out/report.html' "$work/$1"/slurm-"$2".out || die "no answer in $1/slurm-$2.out"; }
last_of() { sed -n 's/.* \(slurm-[0-9]*_0\).*/\1/p' "$work/$1/printed" | sed 's/^slurm-//'; }

array whole
until_true "the array" no_jobs
answered whole "$(last_of whole)"
same "$work/whole"

SHARDS=yes
export SHARDS
array shards
until_true "the array of shards" no_jobs
grep -q 'tasks are done. Run the command without --shard' "$work/shards"/slurm-*.out || die "no member did a share"
answered shards "$(last_of shards)"
same "$work/shards"
unset SHARDS

mkdir "$work/srun"
# shellcheck disable=SC2086
(cd "$work/srun" && sbatch --wait --parsable "$scripts/slurm_srun.sh" $study >printed) || die "slurm_srun.sh failed"
answered srun "$(cat "$work/srun/printed")"
same "$work/srun"

# A node dies: the other member does what it had, and Slurm puts the lost one in the queue again.
array killed
until_true "some results" some_results "$work/killed"
until_true "a worker on node2" sh -c "squeue -h -w node2 -t running | grep -q ."
# shellcheck disable=SC2046
kill -9 $(on_node node2) 2>/dev/null || true
on_the_way "$work/killed"
until_true "the array without node2" no_jobs
answered killed "$(last_of killed)"
same "$work/killed"
grep -q 'node2.*DOWN\|node2 not responding' "$slurm/slurmctld.log" || die "Slurm did not see that node2 died"
SLURMD_NODENAME=node2 slurmd -c -N node2
until_true "node2 again" nodes_are_up

# The time is up: Slurm sends SIGTERM to the steps; the member says what was done, and takes another turn.
array ended
until_true "some results" some_results "$work/ended"
job=$(squeue -h -t running -o %A | head -n 1)
scancel --signal=TERM "$job"
until_true "the array after SIGTERM" no_jobs
grep -q '^interrupted: stopped with' "$work/ended"/slurm-*.out || die "no member was interrupted"
scontrol show job "$job" | grep -q 'Restarts=1' || die "the member did not come again: $(scontrol show job "$job")"
answered ended "$(last_of ended)"
same "$work/ended"
echo "cluster/slurm: an array, shards, srun, a node that died, a member that was ended: the same bytes"
