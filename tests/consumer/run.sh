#!/bin/sh
# Install into a folder, move it, use it from CMake and by pkg-config, its programs, man pages, completion and manual; then from the source tarball: deepid as a part of another project, and installed with the static library alone.   run.sh BUILD
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "consumer: $*" >&2; exit 1; }

# moved BUILD NAME: installed, then moved to $work/NAME
moved() {
    cmake --install "$1" --prefix "$work/first" >/dev/null
    mv "$work/first" "$work/$2"
    if grep -rIl -e "$1" -e "$work/first" "$work/$2"/lib*/cmake "$work/$2"/lib*/pkgconfig "$work/$2"/lib*/*/cmake "$work/$2"/lib*/*/pkgconfig 2>/dev/null | grep .; then
        die "installed files name folders of the build"
    fi
}
# by_cmake TREE COMPONENTS PROGRAM...
by_cmake() {
    tree=$1; components=$2; shift 2
    cmake -S "$here/cmake" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/$tree" -DCOMPONENTS="$components" >/dev/null
    cmake --build "$work/cmake" >/dev/null
    for program in "$@"; do "$work/cmake/$program"; done
    rm -rf "$work/cmake"
}
# by_pkgconfig TREE
by_pkgconfig() {
    pc=$(dirname "$(find "$work/$1" -name deepid.pc)")
    # shellcheck disable=SC2046
    PKG_CONFIG_PATH="$pc" cc "$here/use.c" -o "$work/by_pkgconfig" $(PKG_CONFIG_PATH="$pc" pkg-config --cflags --libs deepid) -Wl,-rpath,"$(PKG_CONFIG_PATH="$pc" pkg-config --variable=libdir deepid)"
    "$work/by_pkgconfig"
}

# ---- both libraries ------------------------------------------------------------------------------------------------
moved "$build" moved
by_cmake moved "shared;static" with_deepid with_static
by_cmake moved "" with_deepid
by_pkgconfig moved
[ -s "$work/moved/include/deepid/deepid.ffi.h" ]

# ---- the programs find the library in the moved folder, and each flag that a program lists stands in its man page ------
programs="deepid-calibration deepid-compare deepid-deepen deepid-inspect deepid-judge deepid-study deepid-tour"
for program in $programs; do
    page="$work/moved/share/man/man1/$program.1"
    "$work/moved/bin/$program" --help >"$work/help"
    grep -q "^usage: $program" "$work/help"
    for flag in $(grep -oE -- '--[a-z][a-z-]*' "$work/help" | sort -u); do
        grep -qE -- "Fl -${flag#--}( |$)" "$page" || die "$program.1 says nothing of $flag"
    done
    grep -q "deepid" "$work/moved/share/bash-completion/completions/$program"
    if command -v mandoc >/dev/null 2>&1; then
        mandoc -T lint -W warning "$page"
    fi
done
[ "$(echo $(ls "$work/moved/bin"))" = "$programs" ] || die "other programs are installed: $(ls "$work/moved/bin")"
"$work/moved/bin/deepid-calibration" --list | grep -q '^C1 ' # the tasks moved too
if grep -q '^DEEPID_BUILD_DOCS:BOOL=ON' "$build/CMakeCache.txt"; then
    grep -q '<title>deepid' "$work/moved/share/doc/deepid/html/index.html"
    [ -s "$work/moved/share/doc/deepid/html/group__net.html" ]
fi

# ---- the shared library alone: nothing of the other is installed ---------------------------------------------------------
cmake -S "$root" -B "$work/on" -DBUILD_SHARED_LIBS=ON -DDEEPID_BUILD_TESTS=OFF -DDEEPID_BUILD_EXAMPLES=OFF >/dev/null
grep -q 'libdeepid\.so' "$work/on/cmake_install.cmake"
if grep -E 'libdeepid\.a|static-targets' "$work/on/cmake_install.cmake"; then die "BUILD_SHARED_LIBS=ON installs the static library"; fi

# ---- the source tarball: as a part of another project, with the static library alone; quick to build, not to run ---------
(cd "$work" && cpack -G TGZ --config "$build/CPackSourceConfig.cmake" >"$work/log" 2>&1 && tar xzf deepid-*.tar.gz) || { cat "$work/log" >&2; exit 1; }
sources=$(echo "$work"/deepid-*/)
[ -z "$(find "$sources" -name .git -o -name 'build*' -type d -o -name '*.o')" ] || die "the tarball has more than the sources"
cmake -S "$here/subproject" -B "$work/sub" -DDEEPID_ROOT="${sources%/}" -DBUILD_SHARED_LIBS=OFF -DDEEPID_INSTALL=ON -DDEEPID_ISAS=OFF -DCMAKE_C_FLAGS=-O0 >"$work/log"
cmake --build "$work/sub" -j "$(nproc)" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
"$work/sub/with_subproject"
moved "$work/sub/_deps/deepid-build" alone
[ -z "$(find "$work/alone" -name 'libdeepid.so*')" ] || die "BUILD_SHARED_LIBS=OFF installs a shared library"
by_cmake alone "" with_deepid with_static
by_cmake alone static with_static
by_pkgconfig alone
if cmake -S "$here/cmake" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/alone" -DCOMPONENTS=shared >"$work/log" 2>&1; then die "a shared library is found where there is none"; fi
echo "consumer: installed, moved, used"
