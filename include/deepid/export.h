/** @file export.h  Which symbols the shared library shows. */
#ifndef DEEPID_EXPORT_H
#define DEEPID_EXPORT_H

#if defined(__GNUC__) && !defined(DEEPID_STATIC)
/** Marks a public function. */
#define DEEPID_API __attribute__((visibility("default")))
#else
#define DEEPID_API
#endif

#endif
