#!/bin/sh
# train_mpi.c by OpenMPI: 1, 2, 3 and 4 ranks, ranks stopped, killed, asked to end, and resumed on others: the same bytes.   allreduce.sh PROGRAMS
# PROGRAMS: the folder of the examples in a build.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1/.." && pwd)
work=$(cd "$(mktemp -d)" && pwd -P)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
# what mpirun asks of who is root, and of a machine with less than four cores
OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe OMPI_MCA_hwloc_base_binding_policy

die() { echo "cluster/allreduce: $*"; tail -n 20 "$work"/*.said 2>/dev/null; exit 1; }
for tool in mpicc mpirun; do
    command -v "$tool" >/dev/null 2>&1 || { echo "skipped cluster/allreduce: $tool is not here"; exit 0; }
done

program=$work/train_mpi
mpicc -std=gnu11 -O2 -Wall -Wextra -Werror -I"$root/include" -I"$root/examples" "$root/examples/cluster/train_mpi.c" "$root/examples/common/flags.c" "$build/libdeepid.so" "-Wl,-rpath,$build" -o "$program"

# A net of 8 layers on small pictures, four shards a step.   train NAME RANKS FLAGS...
steps=600
train() {
    said=$work/$1.said
    ranks=$2
    shift 2
    cd "$work" && exec timeout 300 mpirun -n "$ranks" "$program" --data "gratings n=200 size=10 classes=3" --depth 8 --batch 30 --shard 8 --steps $steps --every 20 --limit 5 "$@" >"$said" 2>&1
}
ranks_at_work() {
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/exe")" = "$program" ] && echo "${process#/proc/}"
    done 2>/dev/null | sort -n
}
until_there() {
    looks=2400
    until [ -e "$1" ]; do
        looks=$((looks - 1))
        [ "$looks" -gt 0 ] || die "waited in vain for $1"
        sleep 0.05
    done
}
until_gone() {
    looks=600
    while [ -n "$(ranks_at_work)" ]; do
        looks=$((looks - 1))
        [ "$looks" -gt 0 ] || die "ranks are left: $(ranks_at_work)"
        sleep 0.05
    done
}

for n in 1 2 3 4; do
    (train "$n" "$n" --out "$work/$n.net") || die "$n ranks failed"
    cmp "$work/1.net" "$work/$n.net" || die "$n ranks give other bytes than 1"
    (train "synchronised$n" "$n" --batchnorm batch --steps 60 --out "$work/synchronised$n.net") || die "$n ranks with --batchnorm batch failed"
    cmp "$work/synchronised1.net" "$work/synchronised$n.net" || die "$n ranks with --batchnorm batch give other bytes than 1"
done

# begun on four ranks, one gets a signal, the job ends, and goes on with other ranks.   disturbed NAME SIGNAL RANKS
disturbed() {
    (train "$1" 4 --checkpoint "$work/$1.ckpt") &
    job=$!
    until_there "$work/$1.ckpt"
    kill "-$2" "$(ranks_at_work | sed -n 3p)"
    code=0
    wait "$job" || code=$?
    until_gone
    grep -q "^step $steps," "$work/$1.said" && die "$1: the job was over before the signal came"
    cp "$work/$1.said" "$work/$1.first"
    (train "$1" "$3" --checkpoint "$work/$1.ckpt" --out "$work/$1.net") || die "$1: $3 ranks do not go on"
    cmp "$work/1.net" "$work/$1.net" || die "$1: $3 ranks go on to other bytes"
}
disturbed stopped STOP 2
[ "$code" -eq 1 ] || die "a stopped rank: the job ended with $code, expected 1"
grep -q "of 4: no answer from the other ranks within 5 seconds; nothing was changed" "$work/stopped.first" || die "a stopped rank is not told: $(cat "$work/stopped.first")"
grep -q "steps are kept in" "$work/stopped.first" || die "a stopped rank: no checkpoint was written"
disturbed killed KILL 3
[ "$code" -ne 0 ] || die "a killed rank: the job ended with 0"
disturbed asked TERM 1
[ "$code" -eq 0 ] || die "a rank that was asked to end: the job ended with $code"
grep -q "asked to stop after step" "$work/asked.first" || die "a stop is not told: $(cat "$work/asked.first")"

# a longer run than the checkpoint's: its schedule is the longer one's
(train longer 2 --steps 40 --checkpoint "$work/longer.ckpt") || die "40 steps failed"
(train longer 3 --steps 80 --checkpoint "$work/longer.ckpt") || die "40 more steps failed"
grep -aqE '"deepid.trainer.total_steps": ?"80"' "$work/longer.ckpt" || die "steps beyond the checkpoint's have the rate of its end"

# a rank with another start
cd "$work"
if mpirun -n 1 "$program" --depth 8 --steps 5 --seed 1 --out other.net : -n 1 "$program" --depth 8 --steps 5 --seed 2 --out other.net >different.said 2>&1; then die "ranks that differ are not refused"; fi
grep -q "step 1: the ranks differ in the" different.said || die "what differs is not told: $(cat different.said)"
[ ! -e other.net ] || die "ranks that differ have written a net"
echo "cluster/allreduce: 1, 2, 3, 4 ranks, a rank stopped, killed, asked to end: the same bytes"
