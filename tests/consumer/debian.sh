#!/bin/sh
# The packages in a bare Debian 12: they install, the programs run, a program is built by pkg-config and CMake with both libraries, they go without a trace.
#   debian.sh BUILD ROOT, as root; ROOT: debootstrap --variant=minbase bookworm ROOT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2/tmp/deepid"
cp "$1"/*.deb "$2/tmp/deepid/"
cp -r "$here/use.c" "$here/cmake" "$2/tmp/deepid/"
cat >"$2/tmp/deepid/inside.sh" <<'END'
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
cd /tmp/deepid
get() { apt-get install -y -qq --no-install-recommends "$@" >log 2>&1 || { tail -n 20 log; exit 1; }; }
apt-get update -qq
get ./libdeepid0.1_*.deb ./deepid-tools_*.deb # nothing of the compiler is here yet
deepid-study --quick --out study -q
deepid-study --seeds 2 --steps 40 --depths 2,4 --tuning 0 --probes 0 --out other -q
deepid-compare study other -q
deepid-tour --kind relu | head -n 1
deepid-deepen "input 2; dense out=8; relu; dense out=2" --block "plain { dense out=8; relu }" --data spirals
deepid-calibration --list | head -n 1
get bash-completion man-db
bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader deepid-study; complete -p deepid-study'
man -w deepid-deepen
get ./deepid-dev_*.deb gcc libc6-dev pkg-config cmake make
cc use.c -o by_shared $(pkg-config --cflags --libs deepid)
./by_shared
cc -Wl,-Bstatic $(pkg-config --cflags deepid) use.c -Wl,-Bdynamic -o by_static -Wl,-Bstatic -ldeepid -Wl,-Bdynamic $(pkg-config --static --libs deepid | sed 's/-ldeepid//')
./by_static
if ldd by_static | grep deepid; then exit 1; fi
for components in shared static; do
    cmake -S cmake -B "$components" -DCOMPONENTS="shared;$components" >/dev/null
    cmake --build "$components" >/dev/null
    "$components/with_deepid"
done
static/with_static
apt-get purge -y -qq deepid-dev deepid-tools libdeepid0.1 >/dev/null 2>&1
if find /usr /etc /var/lib/dpkg/info -name '*deepid*' | grep .; then exit 1; fi
echo "debian: installed, used, gone"
END
chroot "$2" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh /tmp/deepid/inside.sh
rm -rf "$2/tmp/deepid"
