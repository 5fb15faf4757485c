#!/bin/sh
# Two studies side by side, as a user runs it: what differs is told, folders that are none get a sentence.   deepid_compare.sh DEPTH_STUDY DEEPID_COMPARE
set -eu
study=$1
compare=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
die() { echo "deepid_compare: $*"; cat out err; exit 1; }
small() { "$study" -q --depths 2,4 --blocks plain --seeds 6 --tuning 0 --probes 0 --steps 20 "$@" >out 2>err || die "$*"; }
expect() { # CODE WORDS ARGUMENTS...
    code=$1; words=$2; shift 2
    got=0; "$compare" "$@" >out 2>err || got=$?
    [ "$got" = "$code" ] || die "exit code $got, expected $code: $*"
    grep -q -e "$words" err || die "no '$words': $*"
}
small --arms S,D,W0 --out one
small --arms S,D,D_res --lr 0.01 --out two

"$compare" one two >out 2>err || die "the comparison"
grep -qE '^  learning_rate +0.03 +0.01$' out || die "the rate that differs"
grep -qE '^  (init|steps|train) ' out && die "a setting that does not differ"
grep -qE '^  W0 .* -  *-$' out || die "an arm of A alone"
grep -qE '^  D_res  *- ' out || die "an arm of B alone"
grep -qE '^  solver +[a-z]' out || die "the findings"
median=$(awk -F, '$2 == "D" { print $9 }' one/results.csv | sort -g | awk '{ v[NR] = $1 } END { printf "%.3g", (v[3] + v[4]) / 2 }')
grep -qE "^  D +$median \[" out || die "the median of D is not $median"
[ "$(tail -n 1 out)" = "page: compare.html" ] && [ -s compare.html ] || die "the page"
if grep -nE '<script|://|NaN|undefined|>-?nan<' compare.html; then die "the page holds what it must not"; fi
python3 -c 'import sys, xml.etree.ElementTree as t; t.parse(sys.argv[1])' compare.html || die "the page is not well-formed"
cp compare.html first.html
"$compare" -q --out=second.html one two >out 2>err && [ ! -s out ] && cmp first.html second.html || die "-q, or another page"
"$compare" one one >out && grep -q 'The settings are the same' out || die "a study and itself"
small --arms S,D --data "spirals n=128" --out other
"$compare" one other >out && grep -q 'The training data differ' out || die "other data"

expect 1 "'nowhere' is no folder of a study nor of evidence" one nowhere
mkdir undone && cp one/study.json undone/
expect 1 "the study in 'undone' is not done: it has no verdict.json" undone one
cp -r one broken && echo '{' >broken/verdict.json
expect 1 "'broken/verdict.json' is not what a study writes" one broken
cp one/verdict.json broken/ && echo '1,2' >>broken/results.csv
expect 1 "'broken/results.csv', line 20" one broken
echo 'task,arm' >broken/results.csv && rm broken/history.csv
expect 1 "'broken/results.csv' has no run" one broken
expect 1 "cannot" --out /proc/nowhere/page.html one two
expect 2 "two folders are needed" one
expect 2 "unexpected 'one'" one two one
expect 2 "unknown flag --fast" one two --fast
expect 2 "missing value: --out" one two --out
"$compare" --help | grep -q 'exit codes' && "$compare" -h >out && "$compare" --version | grep -q deepid
echo "deepid_compare: as documented"
