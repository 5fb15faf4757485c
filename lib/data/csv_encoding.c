/* The bytes of a CSV: UTF-8 as they are, other bytes as Windows-1252; what is no text of bytes is refused. */
#include "data/csv.h"

#include <stdio.h>
#include <string.h>

/* ---- what is no text of bytes --------------------------------------------------------------------- */

static int32_t refuse_wide(deepid_ctx *ctx, const char *path, const char *encoding)
{
    return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                     "'%s' is no CSV of UTF-8 but of %s; iconv -f %s -t UTF-8 '%s' > utf8.csv converts it", path,
                     encoding, encoding, path);
}

/* Every second byte of a Latin text in UTF-16 is 0; a byte order mark says so in front. */
int32_t dpid_csv_check_first(deepid_ctx *ctx, const char *path, const uint8_t *first, int64_t count)
{
    enum { WIDE = 4 };
    if (count >= WIDE && memcmp(first, "PK\3\4", WIDE) == 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' is no CSV but an archive, such as a spreadsheet has (.xlsx, .ods): save it as CSV",
                         path);
    if (count >= WIDE && (memcmp(first, "\xff\xfe\0\0", WIDE) == 0 || memcmp(first, "\0\0\xfe\xff", WIDE) == 0))
        return refuse_wide(ctx, path, "UTF-32");
    if (count >= 2 && (memcmp(first, "\xff\xfe", 2) == 0 || memcmp(first, "\xfe\xff", 2) == 0))
        return refuse_wide(ctx, path, "UTF-16");
    if (count >= WIDE && first[0] && !first[1] && first[2] && !first[3])
        return refuse_wide(ctx, path, "UTF-16LE");
    if (count >= WIDE && !first[0] && first[1] && !first[2] && first[3])
        return refuse_wide(ctx, path, "UTF-16BE");
    return memchr(first, 0, (size_t)count)
               ? dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is no CSV: it has a byte 0 at its beginning", path)
               : DEEPID_OK;
}

/* ---- Windows-1252 ------------------------------------------------------------------------------------- */

/* Bytes of the character at p; 0: it is none. */
static int64_t character(const uint8_t *p, const uint8_t *end)
{
    if (*p < 0x80)
        return 1;
    const int64_t length = *p >= 0xf5 ? 0 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc2 ? 2 : 0;
    if (length == 0 || end - p < length)
        return 0;
    for (int64_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    const bool overlong = (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xf0 && p[1] < 0x90);
    const bool outside = (*p == 0xed && p[1] >= 0xa0) || (*p == 0xf4 && p[1] >= 0x90); /* surrogates; above 10FFFF */
    return overlong || outside ? 0 : length;
}

static bool is_utf8(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        const int64_t length = character(p, end);
        if (length == 0)
            return false;
        p += length;
    }
    return true;
}

/* 0x80 to 0x9f; the five that are no character become U+FFFD. From 0xa0 on it is Latin-1, whose bytes are codes. */
static uint32_t code_of(uint8_t byte)
{
    static const uint16_t codes[] = {0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                     0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
                                     0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                     0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};
    return byte >= 0x80 && byte < 0xa0 ? codes[byte - 0x80] : byte;
}

static uint8_t *put(uint8_t *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (uint8_t)code;
    } else if (code < 0x800) {
        *to++ = (uint8_t)(0xc0 | code >> 6);
        *to++ = (uint8_t)(0x80 | (code & 0x3f));
    } else {
        *to++ = (uint8_t)(0xe0 | code >> 12);
        *to++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        *to++ = (uint8_t)(0x80 | (code & 0x3f));
    }
    return to;
}

int32_t dpid_csv_encode(deepid_ctx *ctx, uint8_t **bytes, int64_t *count, bool *converted)
{
    uint8_t *text = NULL;
    uint8_t none[3];
    int64_t length = 0;
    *converted = !is_utf8(*bytes, *bytes + *count);
    if (!*converted)
        return DEEPID_OK;
    for (int64_t i = 0; i < *count; i++)
        length += put(none, code_of((*bytes)[i])) - none;
    DPID_TRY(dpid_alloc(ctx, length, 1, "text", &text));
    uint8_t *to = text;
    for (int64_t i = 0; i < *count; i++)
        to = put(to, code_of((*bytes)[i]));
    dpid_free(ctx, *bytes);
    *bytes = text;
    *count = length;
    return DEEPID_OK;
}
