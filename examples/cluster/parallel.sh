#!/bin/sh
# A depth study by GNU parallel: JOBS processes (default: one a core), each takes tasks that nobody has. FLAGS are those of deepid-study.
#   JOBS=8 sh parallel.sh FLAGS
set -eu
jobs=${JOBS:-$(nproc)}
# --quote: FLAGS as they are; -N0: the numbers of seq only count
seq "$jobs" | parallel --quote -N0 --jobs "$jobs" deepid-study --threads 1 --quiet "$@" >/dev/null ||
    echo "parallel: not every process came to its end; what is left is done now" >&2
# On other machines, one process each with a net a core; the folder of --out is one that all see:
#   parallel --nonall --quote --sshlogin node1,node2,node3 --workdir . deepid-study --quiet "$@"
exec deepid-study "$@" # the last step: what is left, and the answer
