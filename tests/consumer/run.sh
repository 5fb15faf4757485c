#!/bin/sh
# Install into a folder, move it, use it from CMake (shared and static) and by pkg-config.   run.sh BUILD
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
