# Sourced by run.sh of examples and tests: installs what is missing, in clear words.   need_packages WHY PACKAGE...
say() { printf '%s\n' "$*"; }

need_packages() {
    why=$1; shift
    missing=
    for package in "$@"; do
        dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    if ! command -v apt-get >/dev/null 2>&1; then
        say "deepid: apt-get is not here, so these cannot be installed:$missing" >&2
        say "Install what they contain (Debian 12's names) by other means, then build with: cmake -S . -B build && cmake --build build" >&2
        exit 1
    fi
    root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || { say "deepid: run this as root, or install sudo; needed $why:$missing" >&2; exit 1; }
        root=sudo
    fi
    say "Installing what is missing $why:$missing"
    log=$(mktemp)
    if ! { DEBIAN_FRONTEND=noninteractive $root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
        say "deepid: apt-get failed. Its last words:" >&2
        tail -n 5 "$log" >&2
        say "Is there a network, and does 'apt-get update' work? The packages are:$missing" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}

library_packages="gcc libc6-dev cmake make libopenblas-serial-dev librandom123-dev libjansson-dev libxxhash-dev zlib1g-dev liblbfgs-dev libzip-dev libspng-dev libjpeg62-turbo-dev libprotobuf-c-dev protobuf-c-compiler libonnx-dev"

# build FOLDER CMAKE-FLAGS...: configure and build, quietly unless it fails
build() {
    folder=$1; shift
    log=$(mktemp)
    say "Building in $folder/"
    if ! { cmake -S . -B "$folder" "$@" && cmake --build "$folder" -j "$(nproc 2>/dev/null || echo 2)"; } >"$log" 2>&1; then
        say "deepid: the build failed. Its last words:" >&2
        grep -E 'error|Error' "$log" | head -n 10 >&2
        tail -n 10 "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}
