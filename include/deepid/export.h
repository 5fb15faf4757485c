/** @file export.h  Which symbols the shared library shows. */
#ifndef DEEPID_EXPORT_H
#define DEEPID_EXPORT_H

#if defined(__GNUC__) && !defined(DEEPID_STATIC)
/**
 * Marks a public function. Define DEEPID_STATIC to link the static library into a library of your own without
 * showing its functions.
 */
#define DEEPID_API __attribute__((visibility("default")))
#else
#define DEEPID_API
#endif

#endif
