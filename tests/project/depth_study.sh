#!/bin/sh
# The main job as a user runs it: quick form, refusals, interruption, shards, threads.   depth_study.sh PROGRAM
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { "$program" "$@" 2>"$work/err" || { echo "exit code $?: $*"; cat "$work/err"; exit 1; } >&2; }
quick() { run --quick "$@"; }
same() { # the CSV files without the time column are equal to the byte
    cut -d, -f1-13 "$1/results.csv" >"$work/a" && cut -d, -f1-13 "$2/results.csv" >"$work/b" && cmp "$work/a" "$work/b" && cmp "$1/history.csv" "$2/history.csv"
}
expect() { # CODE WORDS COMMAND...
    code=$1; words=$2; shift 2
    got=0
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$code" ] || { echo "exit code $got, expected $code: $*"; cat "$work/err"; exit 1; }
    grep -q -e "$words" "$work/err" || { echo "no '$words' in: $(cat "$work/err")"; exit 1; }
}

quick --out "$work/one" | tail -n 1 | grep -qx "report: $work/one/report.html"
for file in results.csv history.csv study.json report.html; do [ -s "$work/one/$file" ] || { echo "no $file"; exit 1; }; done
head -n 1 "$work/one/results.csv" | grep -qx 'task,arm,family,block,depth,seed,dtype,epochs,train_loss,train_error,valid_loss,valid_error,diverged,seconds'
head -n 1 "$work/one/history.csv" | grep -qx 'task,epoch,train_loss,train_error,valid_loss,valid_error,lr'
[ "$(wc -l <"$work/one/results.csv")" = 15 ] # S, D, W0, D64, D_start:looks_linear, D_res and the shallow net with a skip, 2 seeds each
if grep -nE 'undefined|NaN|>nan<|https?://|<script' "$work/one/report.html"; then echo "the report has what it must not have"; exit 1; fi

quick --out "$work/threads" --threads 1 >/dev/null; same "$work/one" "$work/threads"
quick --out "$work/shards" --shard 0/3 >/dev/null; quick --out "$work/shards" --shard 2/3 >/dev/null; quick --out "$work/shards" --shard 1/3 >/dev/null; same "$work/one" "$work/shards"

# interrupted, then the same command
interrupted() { timeout -s INT 0.4 "$program" --out "$work/int" --steps 1500 --seeds 2 --depths 2,30 --blocks plain --arms D_res; }
got=0; interrupted >/dev/null 2>"$work/err" || got=$?
[ "$got" = 124 ] || [ "$got" = 130 ] || { echo "interrupted: exit code $got"; cat "$work/err"; exit 1; }
run --out "$work/int" --steps 1500 --seeds 2 --depths 2,30 --blocks plain --arms D_res >/dev/null
run --out "$work/whole" --steps 1500 --seeds 2 --depths 2,30 --blocks plain --arms D_res >/dev/null
same "$work/int" "$work/whole"

expect 2 "try depth_study --help" "$program" --colour
expect 2 "seeds is 'none'" "$program" --seeds none
expect 2 "lr is '0'" "$program" --lr 0
expect 2 "depths is '10,2'" "$program" --depths 10,2
expect 2 "'resnet' is no block" "$program" --blocks resnet
expect 2 "shard is '3/3'" "$program" --shard 3/3
expect 2 "dtype is 'f16'" "$program" --dtype f16
expect 2 "unknown data 'moons'" "$program" --data moons --out "$work/x"
expect 2 "nearest: adam" "$program" --quick --optimizer adm --out "$work/x"
expect 1 "cannot open" "$program" --data idx:/nowhere --out "$work/x"
expect 1 "holds another study: its learning_rate is '0.03', here it is '0.01'" "$program" --quick --lr 0.01 --out "$work/one"
expect 1 "cannot make the folder" "$program" --quick --out /proc/nowhere/at/all
damaged=$(ls "$work/threads/tasks"/*.json | head -n 1)
echo '{' >"$damaged"
expect 1 "damaged result file" "$program" --quick --threads 1 --out "$work/threads"
"$program" --help | grep -q 'exit codes' && "$program" --version | grep -q deepid
echo "depth_study: as documented"
