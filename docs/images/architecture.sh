#!/bin/sh
# The picture of architecture.md, on standard output: the floors of lib/LAYERS, what each is (the table "The floors" of
# architecture.md), and a dot where a floor includes headers of another, its own or the public one of that name.
#   architecture.sh ROOT
set -eu
cd "$1"
{
    sed 's/^/floor /' lib/LAYERS
    sed -n 's/^| `\([a-z]*\)` | \([^|]*\) |.*/about \1 \2/p' docs/architecture.md
    # a file of lib/report includes "net/net.h": uses report net
    grep -roE --include='*.[ch]' '^#include ("[a-z]+/|<deepid/[a-z]+[.]h>)' lib |
        sed -E 's|^lib/([a-z]+)/.*["/]([a-z]+)(/\|[.]h>)$|uses \1 \2|' | LC_ALL=C sort -u
} | awk '
function text(class, x, y, words) { return sprintf("<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x, y, words) }
$1 == "floor" { name[++n] = $2; floor[$2] = 1 }
$1 == "about" && $2 in floor { at = $2; sub(/^about [a-z]+ /, ""); gsub(/`/, ""); gsub(/&/, "\\&amp;"); gsub(/</, "\\&lt;"); about[at] = $0 }
$1 == "uses" { uses[$2, $3] = 1 }
END {
    ROW = 38; TOP = 96; WIDE = 610; STEP = 27; LEFT = WIDE + 40
    width = LEFT + n * STEP + 20; height = TOP + (n + 1) * ROW + 12
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", width, height, width, height
    print "<title>The floors of the library: each uses only those below it</title>"
    print "<style>text{font:13px system-ui,sans-serif;fill:#24292f}.name{font-weight:600}.small{font-size:12px;fill:#57606a}.box{fill:#f6f8fa;stroke:#d0d7de}.top{fill:#fff;stroke:#8c959f;stroke-dasharray:4 3}.dot{fill:#0969da}.own{fill:#d0d7de}.grid{stroke:#eaeef2}</style>"
    printf "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height
    printf "%s", text("small", 20, TOP - 20, "Each floor uses only floors below it.")
    printf "%s", text("small", LEFT - 8, 16, "uses headers of")
    for (i = 1; i <= n; i++) {
        x = LEFT + (i - 1) * STEP
        printf "<text class=\"small\" transform=\"translate(%d %d) rotate(-50)\">%s</text>\n", x + 3, TOP - 14, name[i]
        printf "<path class=\"grid\" d=\"M%d %dV%d\"/>\n", x, TOP - 6, TOP + (n + 1) * ROW - 8
    }
    printf "<rect class=\"top\" x=\"10\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n", TOP, WIDE, ROW - 8
    printf "%s%s", text("name", 22, TOP + 20, "programs"), text("", 112, TOP + 20, "examples/ and yours: they call only include/deepid/")
    for (i = n; i >= 1; i--) {
        y = TOP + (n - i + 1) * ROW
        if (about[name[i]] == "") { print "architecture.md does not say what " name[i] " is" > "/dev/stderr"; bad = 1 }
        printf "<rect class=\"box\" x=\"10\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n", y, WIDE, ROW - 8
        printf "%s%s", text("name", 22, y + 20, name[i]), text("", 112, y + 20, about[name[i]])
        for (k = 1; k <= i; k++)
            if (k == i || (name[i], name[k]) in uses)
                printf "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"%d\"/>\n", k == i ? "own" : "dot", LEFT + (k - 1) * STEP, y + 15, k == i ? 4 : 6
    }
    print "</svg>"
    exit bad
}'
