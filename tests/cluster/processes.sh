#!/bin/sh
# parallel.sh and xargs.sh: whole, with a process that is killed, and with all of them killed and the same command again.   processes.sh PROGRAMS parallel|xargs
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
tool=$2
name=$tool
has "$tool"
plain
# shellcheck disable=SC2086
run() { cd "$work/$1" && JOBS=3 exec sh "$scripts/$tool.sh" $study >printed 2>errors; }

mkdir "$work/whole" "$work/one" "$work/all"
(run whole) || die "$tool.sh: $(cat "$work/whole/errors")"
cmp "$work/plain/printed" "$work/whole/printed" || die "another answer on the terminal"
same "$work/whole"

(run one) &
until_true "some results" some_results "$work/one"
kill_one "$work/one"
on_the_way "$work/one"
wait $! || die "$tool.sh with one process less: $(cat "$work/one/errors")"
grep -q 'not every process came to its end' "$work/one/errors" || die "a process that was killed is not told"
same "$work/one"

(run all) &
until_true "some results" some_results "$work/all"
kill -9 $! # the script; then what it began
kill_all "$work/all"
wait $! 2>/dev/null || true
on_the_way "$work/all"
until_true "no process is left" no_workers "$work/all"
(run all) || die "the same command: $(cat "$work/all/errors")"
same "$work/all"
echo "cluster/$tool: three processes, one killed, all killed: the same bytes"
