#!/bin/sh
# A depth study by xargs: JOBS processes (default: one a core), each takes tasks that nobody has. FLAGS are those of deepid-study.
#   JOBS=8 sh xargs.sh FLAGS
set -eu
jobs=${JOBS:-$(nproc)}
# -I: the numbers of seq only count
seq "$jobs" | xargs -P "$jobs" -I NUMBER-OF-A-PROCESS deepid-study --threads 1 --quiet "$@" >/dev/null ||
    echo "xargs: not every process came to its end; what is left is done now" >&2
exec deepid-study "$@" # the last step: what is left, and the answer
