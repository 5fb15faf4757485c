#!/bin/sh
# What docs say of the tree is so: the picture of architecture.md is what the tree gives, its files, folders and
# functions are there, and so is every file that a README or another page of docs names; no page links to a heading of
# its own, since Doxygen 1.9.4 takes the # for a function's.   architecture.sh ROOT
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh docs/images/architecture.sh . >"$work/picture.svg"
cmp -s "$work/picture.svg" docs/images/architecture.svg || {
    echo "the picture is old: sh docs/images/architecture.sh . >docs/images/architecture.svg"; exit 1
}
# in `...`; capitals stand for a name: lib/ops/KIND/
names_missing() {
    grep -oE '`[^` ]+`' "$1" | tr -d '`' | grep -v '[A-Z][A-Z]' | LC_ALL=C sort -u | while read -r word; do
        case $word in
        lib/* | docs/* | tests/* | include/* | examples/*) [ -e "$word" ] || echo "$1: $word" ;;
        *[!a-z0-9_]*) ;;
        *_*) grep -rqw "$word" lib include examples || echo "$1: $word" ;;
        esac
    done
}
files_missing() {
    grep -oE '(^|[^A-Za-z/._-])(lib|docs|tests|include|examples)/[A-Za-z0-9_/.-]+[.](c|h|md|sh|py|txt|cmake)' "$1" |
        sed -E 's/^[^a-z]//' | grep -vE '/[A-Z]+/|[a-z]_[A-Z]' | LC_ALL=C sort -u | while read -r file; do
        [ -e "$file" ] || echo "$1: $file"
    done
}
links_to_headings() { grep -HnoE '\]\(#[^)]*\)' "$1" || true; }
names_missing docs/architecture.md >"$work/missing"
for page in README.md docs/*.md docs/design/*.md lib/ops/*/*.md; do
    files_missing "$page" >>"$work/missing"
    links_to_headings "$page" >>"$work/links"
done
[ ! -s "$work/missing" ] || { echo "not in the tree:"; cat "$work/missing"; exit 1; }
[ ! -s "$work/links" ] || { echo "links that Doxygen cannot follow; name the heading in words:"; cat "$work/links"; exit 1; }
# the check itself: planted names must be found
echo 'see lib/net/planted.c and `planted_function`, [below](#planted)' >"$work/planted.md"
[ -n "$(files_missing "$work/planted.md")" ] && [ -n "$(names_missing "$work/planted.md")" ] && [ -n "$(links_to_headings "$work/planted.md")" ] || {
    echo "planted names were not found"; exit 1
}
echo "docs: name what is there"
