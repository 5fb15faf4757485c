#!/bin/sh
# Every C file is as clang-format 14 (Debian 12's) would write it, and no line is longer than 120 columns, comments included.   format.sh ROOT
set -eu
cd "$1"
find lib include examples tests -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
if find lib include examples tests -name '*.[ch]' -exec env LC_ALL=C.UTF-8 grep -nHE '^.{121,}' {} +; then
    echo "longer than 120 columns"; exit 1
fi
