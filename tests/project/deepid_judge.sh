#!/bin/sh
# deepid-judge as a user runs it: the evidence of a study gives its verdict and page; runs of a table; refusals.   deepid_judge.sh DEPTH_STUDY DEEPID_JUDGE
set -eu
study=$1
judge=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
expect() { # CODE WORDS ARGUMENTS...
    code=$1; words=$2; shift 2
    got=0
    "$judge" "$@" >out 2>err || got=$?
    [ "$got" = "$code" ] || { echo "exit code $got, expected $code: $*"; cat err; exit 1; }
    cat out err | grep -q -e "$words" || { echo "no '$words' in:"; cat out err; exit 1; }
}

# a study, to the byte
"$study" -q --quick --out one --evidence runs >/dev/null 2>&1
expect 0 '^report: runs/report.html$' runs
cmp runs/verdict.json one/verdict.json && cmp runs/report.html one/report.html && diff -r runs/figures one/figures
if grep -q -e '--evidence' one/report.html; then echo 'the command to repeat it has --evidence'; exit 1; fi

# its own folder: what it has
mkdir bare && cp one/results.csv one/history.csv one/tuning.csv bare/
expect 1 'const_loss is not known' bare
expect 0 '^report: page.html$' bare --classes 2 --out page.html --json findings.json -q
[ -s page.html ] && [ -s findings.json ] && [ ! -e bare/report.html ]

# a table that somebody wrote: the shallow net learns, the deep one does not, skips repair it
mkdir table
{
    echo "arm,seed,train_loss,train_error"
    for seed in 1 2 3 4 5 6 7 8; do
        echo "S,$seed,0.0$seed,0.01" && echo "D,$seed,0.5$seed,0.2$seed" && echo "D_res,$seed,0.01$seed,0.004"
    done
} >table/results.csv
expect 0 'An identity skip repairs' table --set const_loss=2.302585 --set subject="a table"
grep -q 'a table' table/report.html && grep -q 'Not run: W0.*(not tried)' table/report.html

# an export of another tool, completed
sed 's/^S,/plain-20,/; s/^D,/plain-56,/; s/train_loss/train\/loss/; s/^arm/config.name/' table/results.csv >export.csv
expect 0 '^report: report.html$' export.csv --map "arm=config.name,seed=seed,train_loss=train/loss,S=plain-20,D=plain-56" --classes 10 --evidence folder
expect 0 '^Next: W0, ' folder -q
cmp verdict.json folder/verdict.json

# refusals
echo "S,1,0.3,0.1" >>table/results.csv
expect 1 "'table/results.csv', line 26, column 2 (seed): arm S has seed 1 twice; the first stands in line 2" table
expect 1 "is no folder of evidence" nowhere
expect 2 'usage: deepid-judge FOLDER'
expect 2 'unknown flag --colour' table --colour
expect 2 'a second folder' table table
expect 2 'missing value: --out' table --out
expect 2 'expected WORD=VALUE' table --set const_loss
expect 2 '2 or more' table --classes one
expect 2 "threshold level is 'abc', expected a number: " one --classes 2 --margin level=abc
expect 2 'threshold level is' one --classes 2 --margin level=
expect 2 'no threshold has this name .*: batch' one --classes 2 --margin batch=3
expect 1 "threshold level is 'abc'" bare --classes 2 --set level=abc
expect 1 'classes: const_loss is 0.5, expected 0.69' bare --classes 2 --set const_loss=0.5
expect 0 '^report: ' bare --classes 2 --set const_loss=0.5 --set largest_class=0.8 -q
expect 1 'nearest: const_loss' one --set const_los=1
expect 0 'const_loss ' --set help
expect 0 'margin_share ' --margin help
expect 0 'deepid-judge, deepid' --version
echo "deepid-judge: a study's evidence, a table, refusals"
