#!/bin/sh
# Three hosts share a folder: other names, other process numbers, other clocks. One is killed in the middle of its tasks, and the two others take over at once; one is stopped for longer than the takeover time and wakes up again; answers of the file server get lost. Each time the folder is that of one undisturbed run, byte for byte, the seconds aside.
# depth_study_hosts.sh PROGRAM [FOLDER FOLDER FOLDER]: where the three see the shared folder, such as three mounts by NFS
set -eu
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
takeover=${TAKEOVER:-3}
steps=${STEPS:-1500}
if unshare -u -p -f --mount-proc true 2>/dev/null; then user=
elif unshare -r -u -p -f --mount-proc true 2>/dev/null; then user=-r
else echo "depth_study_hosts: skipped, no process may have a namespace of its own here (unshare -r -u -p -f --mount-proc)"; exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${a:-}" ] || rm -rf "$a"/hosts.*' EXIT
a=${2:-$work} b=${3:-$work} c=${4:-$work}
cc -O1 -shared -fPIC -o "$work/far_host.so" "$(dirname "$0")/far_host.c" -ldl
days= # of a clock that only runs forward
unshare $user -T --monotonic 1000 true 2>/dev/null && days="-T --monotonic 4000000 --boottime 4000000"
die() { echo "depth_study_hosts: $*"; cat "$work"/*.errors 2>/dev/null; exit 1; }

study() { exec "$program" --steps "$steps" --seeds 2 --depths 2,12 --tuning 1 --probes 1 --arms S,D,W0,WT,D_res --threads 2 --takeover "$takeover" --out out "$@"; }
# on NAME FOLDER: the study on a host of that name, in the background; $! is unshare, and the study is its child
on() { # shellcheck disable=SC2086
    name=$1 folder=$2; shift 2
    export program takeover steps name
    (cd "$folder" && exec env LD_PRELOAD="$work/far_host.so" "$@" unshare $user $(case $name in b*) echo "$days";; esac) -u -p -f --mount-proc --kill-child \
        sh -c 'hostname "$name" && exec "$program" --steps "$steps" --seeds 2 --depths 2,12 --tuning 1 --probes 1 --arms S,D,W0,WT,D_res --threads 2 --takeover "$takeover" --out out' \
        >"$work/$name.printed" 2>"$work/$name.errors") &
}
study_of() { cat "/proc/$1/task/$1/children"; } # the process number, as seen from here
end() { wait "$2" || die "$1 ended with $?"; cmp "$work/whole.printed" "$work/$1.printed" || die "$1: another verdict on the terminal"; }
same() { # WHAT FOLDER
    find "$2" -name '*.taken' | grep . && die "$1: a claim is left"
    rm -rf "$work/mine" && cp -r "$2" "$work/mine" && plain "$work/mine"
    [ "$1" != killed ] || rm -f "$work/mine"/*/deepid.tmp.* # half written by the dead host: swept after a day
    diff -r "$work/whole" "$work/mine" || die "$1: the folder differs"
    echo "depth_study_hosts: $1: the same bytes"
}
plain() { # FOLDER: without what a clock said
    cut -d, -f1-13 "$1/results.csv" >"$1/r" && mv "$1/r" "$1/results.csv"
    sed -i 's/"seconds": [^,]*,//; /"checksum"/d' "$1"/tasks/*.json
}
# begun FOLDER NAME: that host is in the middle of a task, and has done some
begun() {
    for _ in $(seq 20000); do
        [ "$(ls "$1"/out/tasks/*.json 2>/dev/null | wc -l)" -ge 5 ] && grep -qs "^$2 " "$1"/out/tasks/*.taken && return
        sleep 0.02
    done
    die "$2 does not begin"
}
fresh() { round=$((${round:-0} + 1)); for folder in "$a" "$b" "$c"; do mkdir -p "$folder/hosts.$$.$round"; done; A=$a/hosts.$$.$round B=$b/hosts.$$.$round C=$c/hosts.$$.$round; }

mkdir "$work/one"
(cd "$work/one" && study >"$work/whole.printed" 2>"$work/whole.errors") || die "the undisturbed run"
mv "$work/one/out" "$work/whole" && plain "$work/whole"

# ---- a host dies in the middle of its tasks ------------------------------------------------------
fresh
while :; do
    on ada "$A" SHIFT=0; host=$!
    begun "$A" ada
    kill -KILL "$(study_of $host)"
    wait $host && die "ada came to its end" || :
    grep -qs '^ada ' "$A"/out/tasks/*.taken && break
    rm -rf "$A/out" # just between two tasks: once more
done
left=$(grep -l '^ada ' "$A"/out/tasks/*.taken | wc -l)
find "$A/out" -name 'deepid.tmp.*' -delete # what it was writing: other hosts' sweeps wait a day
begin=$(date +%s)
on bob "$B" SHIFT=-7200; bob=$!
on cy "$C" SHIFT=300000; cy=$!
end bob $bob
end cy $cy
echo "depth_study_hosts: $left claims of a dead host, taken over after $takeover s; the rest took $(($(date +%s) - begin)) s in all"
same "killed" "$A/out"

# ---- a host is stopped for longer than the takeover time, and goes on --------------------------------
fresh
on ada "$A" SHIFT=86400; ada=$!
begun "$A" ada
kill -STOP "$(study_of $ada)"
on bob "$B" SHIFT=0; bob=$!
end bob $bob
kill -CONT "$(study_of $ada)"
end ada $ada
same "stopped and woken" "$A/out"

# ---- the server's answers get lost, files are replaced while they are read -----------------------------
fresh
on ada "$A" LOST=3 STALE=7; ada=$!
on bob "$B" LOST=2 STALE=5; bob=$!
on cy "$C" LOST=5; cy=$!
end ada $ada
end bob $bob
end cy $cy
same "lost answers" "$A/out"
