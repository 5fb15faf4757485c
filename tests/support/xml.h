/* Is a text well-formed XML? Enough of the grammar for what our pages may hold; anything else is a fault. */
#ifndef DPID_TESTS_XML_H
#define DPID_TESTS_XML_H

#include <stddef.h>

/* Called for every attribute; value is length bytes, still escaped. */
typedef void (*xml_attribute_fn)(void *user, const char *element, const char *attribute, const char *value,
                                 size_t length);
/* NULL when text is one well-formed element (a DOCTYPE in front is fine); else where it stops being so. on_attribute
   may be NULL. */
const char *xml_fault(const char *text, xml_attribute_fn on_attribute, void *user);

#endif
