# What Doxygen reads of a file (sed -E): functions named in a header's comment become links, checked ones; and the first
# sentence of a page does not end at "et al. 2015" or "eq. 1".
/^( \*|\/\*\*)/ {
    /@copydetails/! s/(^|[^#_a-zA-Z0-9"])(deepid_[a-z0-9_]*[a-z0-9])\b/\1#\2/g
}
s/\b(al|eq)\.( |$)/\1.\\ /g
