#!/bin/sh
# Install into a folder, move it, use it from CMake (shared and static), by pkg-config, its programs and its manual.   run.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
if grep -rIl -e "$build" -e "$work/first" "$work/moved"/lib*/cmake "$work/moved"/lib*/pkgconfig "$work/moved"/lib*/*/cmake "$work/moved"/lib*/*/pkgconfig 2>/dev/null | grep .; then
    echo "installed files name folders of the build" >&2
    exit 1
fi
cmake -S "$here/cmake" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/cmake" >/dev/null
"$work/cmake/with_shared"
"$work/cmake/with_static"
pc=$(dirname "$(find "$work/moved" -name deepid.pc)")
# shellcheck disable=SC2046
PKG_CONFIG_PATH="$pc" cc "$here/use.c" -o "$work/by_pkgconfig" $(PKG_CONFIG_PATH="$pc" pkg-config --cflags --libs deepid)
LD_LIBRARY_PATH="$(dirname "$pc")" "$work/by_pkgconfig"
# the programs find the library in the moved folder, and each flag that a program lists stands in its man page
for program in depth_study deepid-compare calibration; do
    page="$work/moved/share/man/man1/$program.1"
    { "$work/moved/bin/$program" --help 2>&1 || true; } | grep -v unrecognized >"$work/help"
    grep -q "^  --" "$work/help"
    for flag in $(grep -oE -- '--[a-z][a-z-]*' "$work/help" | sort -u); do
        grep -qE -- "Fl -${flag#--}( |$)" "$page" || { echo "$program.1 says nothing of $flag" >&2; exit 1; }
    done
    if command -v mandoc >/dev/null 2>&1; then
        mandoc -T lint -W warning "$page"
    fi
done
"$work/moved/bin/calibration" --list | grep -q '^C1 ' # the tasks moved too
if grep -q '^DEEPID_BUILD_DOCS:BOOL=ON' "$build/CMakeCache.txt"; then
    grep -q '<title>deepid' "$work/moved/share/doc/deepid/html/index.html"
    [ -s "$work/moved/share/doc/deepid/html/group__net.html" ]
fi
