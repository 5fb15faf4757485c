#!/bin/sh
# docs/words.md and the table of docs/identity.md are what the library says.   tables.sh ROOT BUILD [--write]
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$2/examples/03_identity_tour" --csv >"$work/tour.csv"
awk -F, 'NR > 1 && $NF != "" {
    line = $0
    variant = $2; domain = $3; dtype = $4; status = $5; reason = $NF
    if (line ~ /"/) { split(line, q, "\""); variant = q[2]; split(q[3], r, ","); domain = r[2]; dtype = r[3]; status = r[4]; reason = r[7] }
    if (dtype != "f32") next
    key = $1 "|" variant
    if (!(key in seen)) { order[++count] = key; seen[key] = 1 }
    cell[key, domain] = status == "N" ? "N: " reason : status
} END {
    print "| kind | variant | R^n | x >= 0 | box |"; print "| --- | --- | --- | --- | --- |"
    for (i = 1; i <= count; i++) { split(order[i], p, "|"); print "| " p[1] " | " p[2] " | " cell[order[i], "real"] " | " cell[order[i], "orthant"] " | " cell[order[i], "box"] " |" }
}' "$work/tour.csv" >"$work/table.md"
"$2/tests/project/list_words" >"$work/words.md"
# the guide with its table put in anew
awk -v table="$work/table.md" '/^\| kind \| variant \|/ { while ((getline line < table) > 0) print line; inside = 1 } /^$/ { inside = 0 } !inside' "$1/docs/identity.md" >"$work/identity.md"
for page in identity words; do
    if [ "${3:-}" = --write ]; then cp "$work/$page.md" "$1/docs/$page.md"; fi
    if ! diff -u "$1/docs/$page.md" "$work/$page.md"; then echo "docs/$page.md is not what the library says; tables.sh ROOT BUILD --write"; exit 1; fi
done
echo "tables: the guides show what the library says"
