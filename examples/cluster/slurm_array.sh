#!/bin/sh
# A depth study as a Slurm array: every member takes tasks that nobody has, in one folder that all nodes see. FLAGS are those of deepid-study.
#   sbatch --array=0-31 slurm_array.sh FLAGS
# More members at any time: the same command again. docs/cluster.md tells of time limits, preemption and nodes that die.
#SBATCH --job-name=deepid-study
#SBATCH --array=0-3
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
# SHARDS=yes: each member does a share of the tasks and ends, for hundreds of members (docs/cluster.md)
[ -z "${SHARDS:-}" ] || set -- "$@" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
code=0
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" deepid-study --threads "$SLURM_CPUS_PER_TASK" "$@" || code=$?
# 130: it was asked to end, because its time is up; the member waits for a new turn, a hundred times at most: a net
# that takes longer than --time would never come to its end
if [ "$code" = 130 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 100 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit "$code"
