#!/bin/sh
# Every commit since FIRST says what it is in at most 72 characters, and why in its body.   subjects.sh ROOT [FIRST]
set -eu
cd "$1"
git() { command git -c safe.directory='*' "$@"; }
first=${2:-2fc7a5d6032fa4}
if ! git rev-parse -q --verify "$first^{commit}" >/dev/null 2>&1; then
    echo "subjects: not looked at: no git, or a history without $first"
    exit 0
fi
bad=0
for commit in $(git rev-list --no-merges "$first..HEAD"); do
    subject=$(git log -1 --format=%s "$commit")
    [ "$(printf %s "$subject" | LC_ALL=C.UTF-8 wc -m)" -le 72 ] || { echo "longer than 72 characters: $commit $subject"; bad=1; }
    [ -n "$(git log -1 --format=%b "$commit")" ] || { echo "no body says why: $commit $subject"; bad=1; }
done
exit $bad
