#!/bin/sh
# The library shows exactly the functions that its headers declare, and our own objects import nothing that prints, exits or takes signals; nothing maps a file (blas_memory.c maps memory) or jumps (picture_jpeg.c does, within itself).   symbols.sh ROOT BUILD LIBRARY
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm -D --defined-only "$3" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/shown"
cat "$1"/include/deepid/*.h | grep -oE '^DEEPID_API [^(]*\(' | grep -oE 'deepid_[a-z0-9_]+\($' | tr -d '(' | sort >"$work/declared"
diff "$work/declared" "$work/shown" || { echo "declared (<) and exported (>) differ"; exit 1; }
nm -D --defined-only "$3" | awk '$2 != "T" && $2 != "A" { print "exported but no function: " $3; bad = 1 } END { exit bad }'
banned='^(exit|_exit|abort|printf|fprintf|vprintf|vfprintf|__printf_chk|__fprintf_chk|puts|fputs|putchar|perror|signal|sigaction|setlocale|strtod|strtof|atof|scanf|sscanf|fscanf|__isoc99_sscanf|sprintf|__sprintf_chk|strcpy|__strcpy_chk|rand|srand|getenv|system|popen|longjmp|__longjmp_chk|fork|mmap)$'
# -A -u: "FOLDER/FILE.c.o:   U name"
find "$2/CMakeFiles" -path '*deepid_objects*' -name '*.o' -exec nm -A -u {} + | sed -E 's|.*/([^/]*\.o): *[a-zA-Z] |\1 |; s/@.*//' >"$work/used"
grep -q ' memcpy$' "$work/used" || { echo "no imports were found"; exit 1; }
awk -v banned="$banned" '$2 ~ banned { print $1 " imports " $2 }' "$work/used" | grep -vE '^(blas_memory.c.o imports mmap|picture_jpeg.c.o imports (longjmp|__longjmp_chk))$' >"$work/imports" || true
[ ! -s "$work/imports" ] || { sort -u "$work/imports"; exit 1; }
echo "symbols: $(wc -l <"$work/shown") functions, no banned import"
