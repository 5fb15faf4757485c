#!/bin/sh
# Planted causes are found: none is judged wrong, at most ALLOWED stay undecided, no alarm on controls; and the program's contract.   calibration.sh PROGRAM ALLOWED [FLAGS]
set -eu
program=$1
allowed=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "calibration: $*"; cat "$work/table"; exit 1; }

"$program" --csv "$@" >"$work/table" 2>"$work/errors" || die "exit code $?: $(cat "$work/errors")"
head -n 1 "$work/table" | grep -qx 'task,planted,found,result,seeds,seconds' || die "another header"
rows=$(($(wc -l <"$work/table") - 1))
[ "$rows" -gt 0 ] || die "no task ran"
right=$(grep -cE '",right,[0-9]+,[0-9.]+$' "$work/table" || true)
wrong=$(grep -cE '",wrong,' "$work/table" || true)
[ "$wrong" = 0 ] || die "$wrong judged wrong"
[ $((rows - right)) -le "$allowed" ] || die "$((rows - right)) of $rows undecided, allowed $allowed"

"$program" --task nothing >/dev/null 2>"$work/errors" && die "an unknown task was accepted"
grep -q "no task is called 'nothing'" "$work/errors" || die "an unknown task is told as: $(cat "$work/errors")"
"$program" --seeds 1 >/dev/null 2>&1 && die "one seed was accepted"
cat "$work/table"
echo "calibration: $right of $rows right, $((rows - right)) undecided, none wrong"
