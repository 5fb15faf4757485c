#!/bin/sh
# A published table as evidence: its one seed decides nothing, and the page says what the numbers are; five wrong ones
# are refused with file, line and column.   published_table.sh DEEPID_JUDGE EXAMPLES
set -eu
judge=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
examples=$(cd "$2" && pwd)
command -v python3 >/dev/null 2>&1 || { echo "skipped: no python3"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
expect() { # CODE WORDS FOLDER
    code=$1; words=$2; shift 2
    got=0
    "$judge" "$@" >out 2>err || got=$?
    [ "$got" = "$code" ] || { echo "exit code $got, expected $code: $*"; cat err; exit 1; }
    cat out err | tr '\n' ' ' | grep -q -e "$words" || { echo "no '$words' in:"; cat out err; exit 1; }
}
python3 "$examples/evidence/published_table.py" table
expect 0 '0.285.*0.279' table
expect 0 'Next: S and D at 5 more seeds, 10 runs' table
grep -q 'in place of the training loss' table/report.html
grep -q '"state": "undecided"' table/verdict.json
! grep -q '"state": "harm"' table/verdict.json

wrong() { # LINE OF results.csv IS NOW, WORDS
    rm -rf bad; cp -r table bad
    sed -i "$1" bad/results.csv
    expect 1 "$2" bad
}
wrong '3s/.*/S,1,34,plain,0.2854/' "bad/results.csv', line 3, column 2 (seed): arm S has seed 1 twice; the first stands in line 2"
wrong '/^D,/d' "bad/results.csv', column arm: no row is of D, the deep net"
wrong '3s/0\.2854/28.54 %/' "bad/results.csv', line 3, column 5 (train_loss): '28.54 %' is no number, expected a loss"
wrong '3s/0\.2854/-0.2854/' "bad/results.csv', line 3, column 5 (train_loss): it is -0.2854, expected a loss, 0 or more"
wrong '1s/train_loss/valid_loss/' "bad/results.csv', line 2, train_loss (there is no such column): it is missing"
wrong '1s/train_loss/train_loss,valid_error/; 2s/$/,0.2794/; 3s/$/,28.54/; 4s/$/,0.25/' \
    "bad/results.csv', line 3, column 6 (valid_error): it is 28.54, expected a share of wrong answers from 0 to 1"
echo "a published table is judged, six wrong ones are refused"
