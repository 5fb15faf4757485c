#!/bin/sh
# The main job as a user runs it: quick form, refusals, interruption, shards, threads.   depth_study.sh PROGRAM
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run() { "$program" "$@" 2>"$work/err" || { echo "exit code $?: $*"; cat "$work/err"; exit 1; } >&2; }
quick() { run --quick "$@"; }
same() { # the CSV files without the time column are equal to the byte
    cut -d, -f1-13 "$1/results.csv" >"$work/a" && cut -d, -f1-13 "$2/results.csv" >"$work/b" && cmp "$work/a" "$work/b" && cmp "$1/history.csv" "$2/history.csv" && cmp "$1/tuning.csv" "$2/tuning.csv" &&
        cmp "$1/plan.json" "$2/plan.json" && cmp "$1/verdict.json" "$2/verdict.json" && diff -r "$1/probes" "$2/probes"
}
expect() { # CODE WORDS COMMAND...
    code=$1; words=$2; shift 2
    got=0
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" = "$code" ] || { echo "exit code $got, expected $code: $*"; cat "$work/err"; exit 1; }
    grep -q -e "$words" "$work/err" || { echo "no '$words' in: $(cat "$work/err")"; exit 1; }
}

quick --out "$work/one" | tail -n 1 | grep -qx "report: $work/one/report.html"
for file in results.csv history.csv tuning.csv plan.json study.json verdict.json report.html probes/D.signal.csv; do [ -s "$work/one/$file" ] || { echo "no $file"; exit 1; }; done
head -n 1 "$work/one/results.csv" | grep -qx 'task,arm,family,block,depth,seed,dtype,epochs,train_loss,train_error,valid_loss,valid_error,diverged,seconds'
head -n 1 "$work/one/tuning.csv" | grep -qx 'arm,rate,seed,train_loss,diverged,chosen,noise'
head -n 1 "$work/one/history.csv" | grep -qx 'task,arm,seed,epoch,train_loss,train_error,valid_loss,valid_error,lr'
[ "$(grep -vc '^[0-9]*,[SD]_rate,' "$work/one/results.csv")" = 37 ] # S, D, W0, D64, D_start:looks_linear, D_res and the shallow net with a skip, 6 seeds each; tuned rates where they are better
if grep -nE 'undefined|NaN|>nan<|https?://|<script' "$work/one/report.html"; then echo "the report has what it must not have"; exit 1; fi

quick --out "$work/threads" --threads 1 >/dev/null; same "$work/one" "$work/threads"
quick --out "$work/shards" --shard 0/3 >/dev/null; quick --out "$work/shards" --shard 2/3 >/dev/null; quick --out "$work/shards" --shard 1/3 >/dev/null; same "$work/one" "$work/shards"

# interrupted, then the same command
interrupted() { timeout -s INT 0.2 "$program" --out "$work/int" --steps 750 --seeds 2 --depths 2,30 --blocks plain --arms D_res; }
got=0; interrupted >/dev/null 2>"$work/err" || got=$?
[ "$got" = 124 ] || [ "$got" = 130 ] || { echo "interrupted: exit code $got"; cat "$work/err"; exit 1; }
run --out "$work/int" --steps 750 --seeds 2 --depths 2,30 --blocks plain --arms D_res >/dev/null
run --out "$work/whole" --steps 750 --seeds 2 --depths 2,30 --blocks plain --arms D_res >/dev/null
same "$work/int" "$work/whole"

# a budget: what it leaves out is said; two nets of one's own; one task
run --out "$work/budget" --budget 1 --steps 3000 --seeds 3 --depths 2,40 --blocks plain >"$work/printed"
grep -q 'the budget of 1 s does not pay for it' "$work/budget/plan.json"
run --out "$work/own" --steps 20 --seeds 2 --arms W0,D_res --shallow "input 2; dense out=8; relu; dense out=2" --deep "input 2; dense out=8; relu; 3 * plain { dense out=8; relu }; dense out=2" >"$work/printed"
grep -q '^D_res ' "$work/printed"
quick --out "$work/bare" --tuning 0 --probes 0 >/dev/null; [ "$(wc -l <"$work/bare/tuning.csv")" = 1 ] && [ -z "$(ls "$work/bare/probes")" ]
quick --out "$work/task" --task 3 >"$work/printed"; grep -q 'without --shard and --task' "$work/printed"

expect 2 "the shallow net has 4 layers with weights, the deep one 3" "$program" --out "$work/x" --shallow "input 2; dense out=8; dense out=8; dense out=8; dense out=2" --deep "input 2; dense out=8; dense out=8; dense out=2"
expect 2 "give --shallow and --deep together" "$program" --shallow "input 2; dense out=2"
expect 2 "expected at least two" "$program" --depths 10
expect 2 "nearest: D_start" "$program" --arms D_star --out "$work/x"
expect 2 "expected at least 1 second" "$program" --budget 0
printf '1,2,0\n2,3,2\n3,4,4\n4,5,6\n5,1,8\n6,2,9\n' >"$work/gap.csv"
expect 2 "has no training sample" "$program" --data "csv:$work/gap.csv" --holdout 0.5 --out "$work/x"
printf '1,2,a\n2,3,c\n3,4,e\n4,5,g\n5,1,i\n6,2,j\n' >"$work/rare.csv"
expect 2 "has no training sample; leave it out, or give it more" "$program" --data "csv:$work/rare.csv" --holdout 0.5 --out "$work/x"
expect 2 "try depth_study --help" "$program" --colour
expect 2 "seeds is 'none'" "$program" --seeds none
expect 2 "tuning is '17'" "$program" --tuning 17
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
