#!/bin/sh
# A depth study by OpenMPI's mpirun: RANKS processes (default 4), each takes tasks that nobody has. FLAGS are those of deepid-study.
#   RANKS=64 sh mpirun.sh FLAGS          # where: mpirun's own ways, such as OMPI_MCA_orte_default_hostfile=hosts
# mpirun ends all ranks when one is lost; the same command goes on.
set -eu
# one net at a time a rank; --bind-to none, for mpirun would put several threads of a rank on one core
mpirun -n "${RANKS:-4}" --bind-to none deepid-study --threads 1 --quiet "$@" >/dev/null
exec deepid-study "$@" # all is done: the answer
