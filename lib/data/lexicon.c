/* Different texts, each with the number of its first coming: a hash table with open addresses. */
#include "data/lexicon.h"

#include <string.h>

/* Where the text is, or where it has its place: there is a free slot, always. */
static int64_t find_slot(const dpid_lexicon *l, const char *text, int64_t length)
{
    int64_t at = (int64_t)(dpid_hash64(text, length, 0) % (uint64_t)l->slots);
    for (; l->slot[at]; at = at + 1 < l->slots ? at + 1 : 0) {
        const char *word = l->word[l->slot[at] - 1];
        if (strncmp(word, text, (size_t)length) == 0 && word[length] == 0)
            break;
    }
    return at;
}

/* Half of the slots stay free. */
static int32_t make_room(dpid_lexicon *l)
{
    enum { FIRST = 16 };
    const int64_t room = l->room ? 2 * l->room : FIRST;
    const char **word = NULL;
    if (l->count < l->room)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(l->arena, room, sizeof *word, "words", &word));
    DPID_TRY(dpid_arena_alloc(l->arena, 2 * room, sizeof *l->slot, "words", &l->slot));
    if (l->count > 0)
        memcpy(word, l->word, sizeof *word * (size_t)l->count);
    l->word = word;
    l->room = room;
    l->slots = 2 * room;
    for (int64_t i = 0; i < l->count; i++)
        l->slot[find_slot(l, word[i], (int64_t)strlen(word[i]))] = (int32_t)(i + 1);
    return DEEPID_OK;
}

int32_t dpid_lexicon_add(dpid_lexicon *lexicon, const char *text, int64_t length, int64_t *number)
{
    char *copy = NULL;
    *number = dpid_lexicon_find(lexicon, text, length);
    if (*number >= 0)
        return DEEPID_OK;
    DPID_TRY(make_room(lexicon));
    DPID_TRY(dpid_arena_text(lexicon->arena, text, length, &copy));
    lexicon->word[lexicon->count] = copy;
    lexicon->slot[find_slot(lexicon, copy, length)] = (int32_t)(lexicon->count + 1);
    *number = lexicon->count++;
    return DEEPID_OK;
}

int64_t dpid_lexicon_find(const dpid_lexicon *lexicon, const char *text, int64_t length)
{
    return lexicon->slots ? lexicon->slot[find_slot(lexicon, text, length)] - 1 : -1;
}

int dpid_lexicon_compare(const void *a, const void *b)
{
    double x = 0;
    double y = 0;
    const char *s = *(const char *const *)a;
    const char *t = *(const char *const *)b;
    const bool p = dpid_parse_double(s, (int64_t)strlen(s), &x);
    const bool q = dpid_parse_double(t, (int64_t)strlen(t), &y);
    if (p != q)
        return q - p;
    return p && x != y ? (x > y) - (x < y) : strcmp(s, t);
}
