#!/bin/sh
# The main job from nothing: installs what is missing, builds, runs the depth study on embedded data. Flags go to depth_study (see --help).
set -eu
cd "$(dirname "$0")/.."
. examples/need.sh
need_packages "to build deepid" $library_packages
build build -DCMAKE_BUILD_TYPE=Release -DDEEPID_BUILD_EXAMPLES=ON -DDEEPID_BUILD_TESTS=OFF
case " $* " in
*" --out "* | *" --out="*) ;;
*) set -- --out build/depth-study "$@" ;;
esac
exec build/examples/depth_study "$@"
