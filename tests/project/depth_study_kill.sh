#!/bin/sh
# Killed at random moments and resumed, and two shards in two folders merged: the same files, byte for byte, as in one go.   depth_study_kill.sh PROGRAM [KILLS [SEED]]
set -eu
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
kills=${2:-4}
seed=${3:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/whole" "$work/killed" "$work/first" "$work/second"
study() { "$program" --out out --steps 100 --seeds 3 --depths 2,12,20 --arms S,D,W0,WT,D_start:looks_linear,D_res,depth "$@"; }
die() { echo "depth_study_kill: $* (seed $seed)"; exit 1; }
time_free() { # FOLDER: results.csv has its seconds in the last column
    cut -d, -f1-13 "$1/results.csv" >"$1/results.time-free"
    rm "$1/results.csv"
}
same() { # every file that is not a task's or a net's own
    for folder in "$1" "$2"; do
        find "$folder" -maxdepth 2 -name '*.taken' | grep . && die "a claim is left in $folder"
        [ ! -e "$folder/results.csv" ] || time_free "$folder"
    done
    diff -r -x tasks -x nets "$1" "$2" || die "$2 differs from $1"
}

begin=$(date +%s%N)
(cd "$work/whole" && study >printed 2>errors) || die "$(cat "$work/whole/errors")"
milliseconds=$((($(date +%s%N) - begin) / 1000000))

# a number of milliseconds below those of the whole, by a fixed sequence
draw() { seed=$(((seed * 1103515245 + 12345) % 2147483648)); echo $((seed / 65536 * milliseconds / 32768 / 2 + 20)); }
killed=0
while [ "$killed" -lt "$kills" ]; do
    wait=$(draw)
    got=0
    (cd "$work/killed" && exec timeout --foreground -s KILL "$((wait / 1000)).$(printf %03d $((wait % 1000)))" "$program" --out out --steps 100 --seeds 3 --depths 2,12,20 \
        --arms S,D,W0,WT,D_start:looks_linear,D_res,depth >printed 2>errors) || got=$?
    [ "$got" = 0 ] || [ "$got" = 137 ] || die "exit code $got: $(cat "$work/killed/errors")"
    killed=$((killed + 1))
    [ "$got" = 137 ] || rm -rf "$work/killed/out" # it came to its end: from the start again
done
(cd "$work/killed" && study >printed 2>errors) || die "$(cat "$work/killed/errors")"
same "$work/whole/out" "$work/killed/out"
cmp "$work/whole/printed" "$work/killed/printed" || die "another verdict on the terminal"

(cd "$work/first" && study --shard 0/2 --threads 1 >printed 2>errors) || die "$(cat "$work/first/errors")"
(cd "$work/second" && study --shard 1/2 --threads 1 >printed 2>errors) || die "$(cat "$work/second/errors")"
cp "$work/second/out/tasks"/* "$work/first/out/tasks/"
cp "$work/second/out/nets"/* "$work/first/out/nets/"
(cd "$work/first" && study --threads 1 >printed 2>errors) || die "$(cat "$work/first/errors")"
same "$work/whole/out" "$work/first/out"
cmp "$work/whole/printed" "$work/first/printed" || die "another verdict on the terminal"
echo "depth_study_kill: $kills kills and two shards, the same bytes"
