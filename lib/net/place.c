/* From lifetimes to offsets.   What for: place.h */
#include "net/place.h"

#include <stdlib.h>

void dpid_lifetime_use(dpid_lifetime *lifetime, int32_t time)
{
    if (time < lifetime->first)
        lifetime->first = time;
    if (time > lifetime->last)
        lifetime->last = time;
}

void dpid_use_value(const dpid_lifetimes *lifetimes, int32_t v, int32_t step)
{
    dpid_lifetime_use(&lifetimes->value[v], step);
}

void dpid_use_gradient(const dpid_lifetimes *lifetimes, int32_t v, int32_t step)
{
    dpid_lifetime_use(&lifetimes->gradient[v], step);
}

bool dpid_place_bytes(int64_t count, int64_t n, int64_t size, int64_t *bytes)
{
    return dpid_mul(count, n, bytes) && dpid_mul(*bytes, size, bytes) && dpid_round_up(*bytes, DPID_ALIGN, bytes);
}

/* ---- anywhere ------------------------------------------------------------------------- */

/* Lowest offset from base on that is free beside the living, found by moving past each conflict until none is left. */
static int64_t free_offset(dpid_lifetime *const *living, int32_t count, int64_t size, int64_t base)
{
    int64_t offset = base;
    for (bool moved = true; moved;) {
        moved = false;
        for (int32_t i = 0; i < count; i++) {
            if (offset + size <= living[i]->offset || living[i]->offset + living[i]->size <= offset)
                continue;
            offset = living[i]->offset + living[i]->size;
            moved = true;
        }
    }
    return offset;
}

static int compare_first(const void *a, const void *b)
{
    const dpid_lifetime *x = *(dpid_lifetime *const *)a;
    const dpid_lifetime *y = *(dpid_lifetime *const *)b;
    return x->first != y->first ? (x->first > y->first) - (x->first < y->first) : (x > y) - (x < y);
}

/* In the order in which they come alive; the front of the list keeps those that still are, so a long net takes few
   comparisons for each. */
static int64_t place_brief(dpid_lifetime **list, int32_t count, int64_t base)
{
    int64_t end = base;
    int32_t living = 0;
    qsort(list, (size_t)count, sizeof *list, compare_first);
    for (int32_t i = 0; i < count; i++) {
        dpid_lifetime *own = list[i];
        int32_t still = 0;
        for (int32_t k = 0; k < living; k++)
            if (list[k]->last >= own->first)
                list[still++] = list[k];
        own->offset = free_offset(list, still, own->size, base);
        list[still] = own;
        living = still + 1;
        end = own->offset + own->size > end ? own->offset + own->size : end;
    }
    return end;
}

int64_t dpid_place_lowest(dpid_lifetime **list, int32_t count)
{
    int64_t base = 0;
    int32_t brief = 0;
    for (int32_t i = 0; i < count; i++) {
        list[i]->offset = base;
        if (list[i]->kept)
            base += list[i]->size;
        else
            list[brief++] = list[i];
    }
    return place_brief(list, brief, base);
}

/* ---- whole places ----------------------------------------------------------------------- */

/* slot: who was the last to have each place. */
bool dpid_place_by_class(dpid_lifetime *list, int32_t count, int32_t *slot, int64_t *end)
{
    int32_t slots = 0;
    *end = 0;
    for (int32_t i = 0; i < count; i++) {
        dpid_lifetime *own = &list[i];
        int32_t k = 0;
        while (k < slots && (list[slot[k]].last >= own->first || list[slot[k]].class != own->class))
            k++;
        own->offset = k < slots ? list[slot[k]].offset : *end;
        if (k == slots && (!dpid_add(*end, own->size, end)))
            return false;
        slots = k < slots ? slots : k + 1;
        slot[k] = i;
    }
    return true;
}
