# Sourced by the tests here: one small study, its folder by a plain run, and the comparison with it.   . lib.sh PROGRAMS
# PROGRAMS: the folder with deepid-study. $work is a folder that goes at the end; $scripts those that are tested.
scripts=$(cd "$(dirname "$0")/../../examples/cluster" && pwd)
PATH=$(cd "$1" && pwd):$PATH
export PATH
name=$(basename "$0" .sh)
work=$(cd "$(mktemp -d)" && pwd -P)
cleanup() { rm -rf "$work"; }
trap 'cleanup' EXIT
trap 'exit 1' INT TERM

study="--out out --steps 200 --seeds 3 --depths 2,12,20 --arms S,D,W0,WT,D_start:looks_linear,D_res,depth"
before=5 # results that are there when something is killed

die() { echo "cluster/$name: $*"; tail -n 20 "$work"/*/printed "$work"/*/slurm-*.out 2>/dev/null; exit 1; }
skip() { echo "skipped cluster/$name: $*"; exit 0; }
has() { for program in "$@"; do command -v "$program" >/dev/null 2>&1 || skip "$program is not here"; done; }

# until_true TEXT COMMAND...: waits for it, ten minutes at most
until_true() {
    what=$1; shift
    looks=12000
    until "$@" >/dev/null 2>&1; do
        looks=$((looks - 1))
        [ "$looks" -gt 0 ] || die "waited in vain: $what"
        sleep 0.05
    done
}

results() { find "$1/out/tasks" -name '*.json' 2>/dev/null | wc -l; }
some_results() { [ "$(results "$1")" -ge "$before" ]; }
# the processes of deepid-study that work in a folder
workers() {
    for comm in $(grep -lx deepid-study /proc/[0-9]*/comm 2>/dev/null); do
        process=${comm%/comm}
        [ "$(readlink "$process/cwd")" != "$1" ] || echo "${process#/proc/}"
    done
}

# What does not depend on who did what: all but seconds, and the checksums over those.
time_free() {
    rm -rf "$2"
    cp -r "$1" "$2"
    cut -d, -f1-13 "$1/results.csv" >"$2/results.csv"
    sed -i 's/"seconds": [^,]*, //; /^"checksum"/d; s/, "checksum": .*//' "$2"/tasks/*.json
}
# same FOLDER: as the plain run, every file
same() {
    [ "$(results "$work/plain")" = "$(results "$1")" ] || die "$(results "$1") results in $1, expected $(results "$work/plain")"
    time_free "$1/out" "$1/compared"
    diff -r "$work/plain/compared" "$1/compared" >"$work/differences" || die "$1 differs: $(head -c 2000 "$work/differences")"
}
# shellcheck disable=SC2086
plain() {
    mkdir "$work/plain"
    (cd "$work/plain" && deepid-study $study >printed 2>errors) || die "$(cat "$work/plain/errors")"
    time_free "$work/plain/out" "$work/plain/compared"
    grep -q seconds "$work/plain/compared/tasks"/*.json && die "seconds are left in a result, so that comparing them is chance"
    [ "$(results "$work/plain")" -gt $((4 * before)) ] || die "the study is too small to be killed on the way"
}
# SIGKILL for one process, or for all of them
kill_one() { kill -9 "$(workers "$1" | head -n 1)" 2>/dev/null || die "the run in $1 had ended before it could be killed"; }
# shellcheck disable=SC2046
kill_all() { kill -9 $(workers "$1") 2>/dev/null || die "the run in $1 had ended before it could be killed"; }
no_workers() { [ -z "$(workers "$1")" ]; }
# the kill has met a run that was not at its end
on_the_way() { [ "$(results "$1")" -lt "$(results "$work/plain")" ] || die "the run in $1 had ended before it could be killed"; }
