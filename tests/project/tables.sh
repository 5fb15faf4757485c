#!/bin/sh
# The table in docs/identity.md is what the tour prints.   identity_table.sh ROOT BUILD [--print]
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
[ $# -lt 3 ] || { cat "$work/table.md"; exit 0; }
sed -n '/^| kind | variant |/,/^$/p' "$1/docs/identity.md" | sed '/^$/d' >"$work/docs.md"
if ! diff -u "$work/docs.md" "$work/table.md"; then echo "docs/identity.md does not show what the tour prints"; exit 1; fi
echo "identity table: $(wc -l <"$work/table.md") lines agree"
