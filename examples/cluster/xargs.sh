#!/bin/sh
# A depth study by xargs: JOBS processes (default: one a core), each takes tasks that nobody has. FLAGS are those of deepid-study.
#   JOBS=8 sh xargs.sh FLAGS
set -eu
jobs=${JOBS:-$(nproc)}
# -I: the numbers of seq only count. The shell: of a process that dies by a signal xargs would end without waiting for the others.
# shellcheck disable=SC2016
seq "$jobs" | xargs -P "$jobs" -I NUMBER-OF-A-PROCESS sh -c 'deepid-study --threads 1 --quiet "$@" || exit 1' NUMBER-OF-A-PROCESS "$@" >/dev/null ||
    echo "xargs: not every process came to its end; what is left is done now" >&2
exec deepid-study "$@" # the last step: what is left, and the answer
