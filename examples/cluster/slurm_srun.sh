#!/bin/sh
# A depth study as one Slurm job on several nodes: srun starts the processes, and each takes tasks that nobody has. FLAGS are those of deepid-study.
#   sbatch --nodes=8 --ntasks-per-node=4 slurm_srun.sh FLAGS
#SBATCH --job-name=deepid-study
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=2
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --no-kill
#SBATCH --open-mode=append
code=0
# a process that is lost does not end the others (--kill-on-bad-exit=0), nor does a node (--no-kill)
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" --kill-on-bad-exit=0 --no-kill \
    deepid-study --threads "$SLURM_CPUS_PER_TASK" --quiet "$@" >/dev/null || code=$?
# 130: it was asked to end, because its time is up; the job waits for a new turn, a hundred times at most
if [ "$code" = 130 ]; then
    [ "${SLURM_RESTART_COUNT:-0}" -ge 100 ] || scontrol requeue "$SLURM_JOB_ID"
    exit 130
fi
# the last step: what a lost process left, and the answer
exec srun --nodes=1 --ntasks=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" deepid-study --threads "$SLURM_CPUS_PER_TASK" "$@"
