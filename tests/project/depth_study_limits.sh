#!/bin/sh
# What stands in the way of a study: limits, full disks, pipes, links, other processes, a closed folder. Each ends with a sentence, nothing is followed, and the same command goes on afterwards.
# depth_study_limits.sh PROGRAM
set -eu
program=$1
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
small() { timeout 60 "$program" --data "spirals n=64" --depths 2,4 --blocks plain --seeds 2 --tuning 1 --probes 1 --steps 20 --arms S,D,W0 --threads 2 "$@" >"$work/out" 2>"$work/err"; }
die() { echo "depth_study_limits: $*"; cat "$work/err"; exit 1; }
ends() { # CODE WORDS WHAT: how the last command ended
    [ "$got" = "$1" ] || die "$3: exit code $got, expected $1"
    grep -q -e "$2" "$work/err" || die "$3: no '$2'"
}
begin() { got=0; "$@" || got=$?; }

# a limit on the size of files: a sentence, and the same command goes on and leaves nothing behind
for blocks in 8 1; do
    begin sh -c "ulimit -f $blocks; exec \"\$@\"" sh timeout 60 "$program" --data "spirals n=64" --depths 2,4 --blocks plain --seeds 2 --tuning 1 --probes 1 --steps 20 --arms S,D,W0 --out "$work/limit" >"$work/out" 2>"$work/err"
    ends 1 'cannot write .*: File too large' "ulimit -f $blocks"
done
mkfifo "$work/hold"
small --out "$work/limit" || die "after the limit"
[ -z "$(find "$work/limit" -name 'deepid.tmp.*')" ] || die "a temporary is left"

# the standard output is full, or nobody reads it
begin sh -c '"$1" --help >/dev/full 2>"$2"' sh "$program" "$work/err"
ends 1 'cannot write to the standard output: No space left on device' "a full standard output"

# data that come through a pipe, from a folder or a device are refused and not waited for
for source in "$work/hold" "$work" /dev/zero; do
    begin small --data "npy:$source,$source" --out "$work/x"
    ends 1 'is not a regular file but a' "data from $source"
done
begin small --data "csv:$work/hold" --out "$work/x"
ends 1 'is not a regular file but a pipe' "CSV from a pipe"
printf '1,2,0\n3,4,1\n5,6,0\n7,inf,1\n' >"$work/inf.csv"
begin small --data "csv:$work/inf.csv" --out "$work/x"
ends 1 "line 4, column 2: 'inf' is not a finite decimal number" "a number that is none"
[ ! -e "$work/x/verdict.json" ] || die "a verdict without data"

# names that are taken by something else: pipes and folders are named, links replaced
for name in results.csv plan.json study.json verdict.json report.html; do
    rm -rf "$work/taken" && cp -r "$work/limit" "$work/taken" && rm "$work/taken/$name" && mkfifo "$work/taken/$name"
    begin small --out "$work/taken"
    ends 1 "$name' *:* *\(it \)*is not a regular file but a pipe" "$name is a pipe"
    echo precious >"$work/victim" && rm "$work/taken/$name" && ln -s "$work/victim" "$work/taken/$name"
    if [ "$name" = study.json ]; then # the words of another file are no study's
        begin small --out "$work/taken"
        ends 1 "study.json' is a damaged description" "study.json is a link"
        [ "$(cat "$work/victim")" = precious ] || die "study.json: a link was followed"
        continue
    fi
    small --out "$work/taken" || die "$name is a link"
    [ "$(cat "$work/victim")" = precious ] && [ ! -L "$work/taken/$name" ] || die "$name: a link was followed"
done
task=$(grep -l '"train_loss": [0-9]' "$work"/limit/tasks/*.json | head -n 1)
for kind in mkfifo mkdir; do
    rm -rf "$work/taken" && cp -r "$work/limit" "$work/taken" && rm "$work/taken/tasks/$(basename "$task")" && $kind "$work/taken/tasks/$(basename "$task")"
    begin small --out "$work/taken"
    ends 1 "$(basename "$task")' is not a regular file but a" "a result is made by $kind"
done

# another machine has a task: that is said, and both signals end the wait
rm -rf "$work/taken" && cp -r "$work/limit" "$work/taken" && rm "$work/taken/tasks/$(basename "$task")"
echo "another-machine 1 1" >"$work/taken/tasks/$(basename "$task" .json).taken"
for signal in INT TERM; do
    begin timeout -s "$signal" 1 "$program" --data "spirals n=64" --depths 2,4 --blocks plain --seeds 2 --tuning 1 --probes 1 --steps 20 --arms S,D,W0 --out "$work/taken" >"$work/out" 2>"$work/err"
    ends 124 "another process has .*$(basename "$task" .json).taken" "waiting, $signal"
    grep -q '^interrupted: ' "$work/err" || die "$signal is not heard while it waits"
done
echo "depth_study_limits: a sentence each"
