/* A small XML checker by recursive descent: tags nest, attributes are quoted and not doubled, only the five named
   entities and numbers are escaped. */
#include "support/xml.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 40, DEPTH_MAX = 64, ATTRIBUTES_MAX = 24 };

typedef struct {
    const char *at;
    xml_attribute_fn on_attribute;
    void *user;
} reader;

static bool read_name(reader *r, char *name)
{
    size_t n = 0;
    while ((isalnum((unsigned char)*r->at) || strchr("-_:", *r->at)) && *r->at && n + 1 < NAME_MAX_BYTES)
        name[n++] = *r->at++;
    name[n] = 0;
    return n > 0 && isalpha((unsigned char)name[0]);
}

static bool read_entity(reader *r)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(r->at, known[i], strlen(known[i])) == 0) {
            r->at += strlen(known[i]);
            return true;
        }
    return false;
}

/* Bytes of a UTF-8 character that XML allows; 0 when it is none. */
static size_t character(const char *p)
{
    const unsigned char c = (unsigned char)*p;
    const size_t n = c < 0x80                ? 1
                     : c >= 0xc2 && c < 0xe0 ? 2
                     : c >= 0xe0 && c < 0xf0 ? 3
                     : c >= 0xf0 && c < 0xf5 ? 4
                                             : 0;
    if (n == 1)
        return c >= 0x20 || c == '\t' || c == '\n' || c == '\r' ? 1 : 0;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* Up to end, which is left to read. */
static bool read_characters(reader *r, char end)
{
    while (*r->at && *r->at != end) {
        const size_t n = character(r->at);
        if (*r->at == '<' || n == 0)
            return false;
        if (*r->at != '&')
            r->at += n;
        else if (!read_entity(r))
            return false;
    }
    return *r->at == end;
}

static void skip_space(reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
}

static bool read_attributes(reader *r, const char *element)
{
    char names[ATTRIBUTES_MAX][NAME_MAX_BYTES];
    int count = 0;
    for (skip_space(r); *r->at && *r->at != '>' && *r->at != '/'; skip_space(r)) {
        if (count == ATTRIBUTES_MAX || !read_name(r, names[count]) || strncmp(r->at, "=\"", 2) != 0)
            return false;
        for (int i = 0; i < count; i++)
            if (strcmp(names[i], names[count]) == 0)
                return false;
        r->at += 2;
        const char *value = r->at;
        if (!read_characters(r, '"'))
            return false;
        if (r->on_attribute)
            r->on_attribute(r->user, element, names[count], value, (size_t)(r->at - value));
        r->at++;
        count++;
    }
    return true;
}

static bool read_element(reader *r, int depth)
{
    char open[NAME_MAX_BYTES];
    char close[NAME_MAX_BYTES];
    if (depth == DEPTH_MAX || *r->at++ != '<' || !read_name(r, open) || !read_attributes(r, open))
        return false;
    if (strncmp(r->at, "/>", 2) == 0) {
        r->at += 2;
        return true;
    }
    if (*r->at++ != '>')
        return false;
    while (*r->at && strncmp(r->at, "</", 2) != 0)
        if (*r->at == '<' ? !read_element(r, depth + 1) : !read_characters(r, '<'))
            return false;
    r->at += 2;
    if (!read_name(r, close) || strcmp(open, close) != 0)
        return false;
    return *r->at++ == '>';
}

const char *xml_fault(const char *text, xml_attribute_fn on_attribute, void *user)
{
    static const char doctype[] = "<!DOCTYPE html>\n";
    reader r = {strncmp(text, doctype, sizeof doctype - 1) == 0 ? text + sizeof doctype - 1 : text, on_attribute, user};
    if (!read_element(&r, 0))
        return r.at;
    skip_space(&r);
    return *r.at ? r.at : NULL;
}
