/* Matching by order. A file has lost the order of its tensors (safetensors sorts them by type and name), so it is found
   again. What a tree of modules tells: the modules below one name run one after the other; of names that are equal but
   for their numbers ("layer1" and "layer2", "0" and "10") the smaller number runs first. All orders that agree with
   this and with the shapes are looked for: first those that keep to the blocks of the net, in which no module of the
   file is a part of two, and of names that are equal but for numbers none is in a branch and another in its shortcut;
   then those that keep blocks whole; then any. One is taken, two are refused. Where there is none, lists side by side
   are left (convs.0, norms.0, convs.1, ...): of modules of equal shapes whose names are equal but for numbers, each has
   its place by its number. */
#include "net/match.h"

#include <stdio.h>
#include <string.h>

enum { NONE = -1, STEPS_MOST = 1 << 18, DEPTH_MOST = 1000 };

/* A node of the tree of a file's modules. */
typedef struct {
    int32_t parent, module; /* module: of a leaf, else NONE */
    int32_t size, left;     /* leaves, and those that have no place yet */
    int32_t lists;          /* first series of its children, NONE: none */
    int32_t series;         /* to which it belongs, */
    int32_t elder, next;    /* and the nodes before and behind it there */
    int32_t place;          /* the first layer of it, when it has one */
} node;

/* Children of a node whose names are equal but for numbers. */
typedef struct {
    int32_t head; /* which runs next; NONE at the end */
    int32_t next; /* another series of the same node */
} series;

typedef struct {
    int32_t leaf, current; /* what was placed, and the node that was being filled before */
} step;

typedef struct {
    const dpid_modules *net, *file;
    const int32_t *net_class, *file_class; /* equal numbers: equal shapes */
    node *node;
    series *series;
    int32_t nodes, lists;
    int32_t care;    /* 1: blocks of the net are kept whole, 2: and shortcuts apart */
    int32_t current; /* the node that is being filled */
    step *taken;     /* one for each layer that has its module */
    int32_t at;      /* how many */
    int32_t *found;  /* the first order */
    int32_t orders;  /* up to 2, */
    int32_t differs; /* the first layer that has another module in the second, */
    int32_t other;   /* and which */
    int64_t steps;   /* STEPS_MOST: there are too many */
    int32_t depth;
} search;

/* ---- the tree -------------------------------------------------------------------------------- */

/* The component of a module's name at this depth; NULL behind its last. */
static const char *component(const search *s, int32_t module, int32_t depth, size_t *length)
{
    const char *name = s->file->module[module].prefix;
    for (; depth > 0 && name; depth--) {
        name = strchr(name, '.');
        name = name ? name + 1 : NULL;
    }
    *length = name ? strcspn(name, ".") : 0;
    return name;
}

static bool same_component(const search *s, int32_t a, int32_t b, int32_t depth)
{
    size_t lengths[2];
    const char *x = component(s, a, depth, &lengths[0]);
    const char *y = component(s, b, depth, &lengths[1]);
    return x && y ? lengths[0] == lengths[1] && memcmp(x, y, lengths[0]) == 0 : x == y;
}

static bool same_stem(const search *s, int32_t a, int32_t b, int32_t depth)
{
    size_t lengths[2];
    const char *x = component(s, a, depth, &lengths[0]);
    const char *y = component(s, b, depth, &lengths[1]);
    return x && y && dpid_name_same_stem(x, lengths[0], y, lengths[1]);
}

/* Behind its elder sibling in a series, or at the head of a new one. */
static void join_series(search *s, int32_t parent, int32_t elder, int32_t child, bool follows)
{
    s->node[child].series = follows ? s->node[elder].series : s->lists;
    if (follows) {
        s->node[elder].next = child;
        s->node[child].elder = elder;
        return;
    }
    s->series[s->lists] = (series){child, s->node[parent].lists};
    s->node[parent].lists = s->lists++;
}

/* The node `at` of modules first .. end - 1, which agree in `depth` components; a module alone is a leaf, but the root
   is none. */
static void plant(search *s, int32_t at, int32_t first, int32_t end, int32_t depth)
{
    int32_t elder = NONE;
    s->node[at].size = s->node[at].left = end - first;
    s->node[at].module = end - first == 1 && at > 0 ? first : NONE;
    for (int32_t i = first, stop; s->node[at].module == NONE && i < end; i = stop) {
        const int32_t child = s->nodes++;
        for (stop = i + 1; stop < end && same_component(s, i, stop, depth);)
            stop++;
        s->node[child] = (node){.parent = at, .lists = NONE, .elder = NONE, .next = NONE};
        join_series(s, at, elder, child, elder != NONE && same_stem(s, i - 1, i, depth));
        plant(s, child, i, stop, depth + 1);
        elder = child;
    }
}

/* ---- one step --------------------------------------------------------------------------------------- */

/* Would modules of one name, layers first .. end - 1, be parts of several blocks, and not the whole of each? */
static bool cuts_block(const search *s, int32_t first, int32_t end)
{
    const dpid_module *layer = s->net->module;
    const int32_t head = layer[first].block;
    const int32_t tail = layer[end - 1].block;
    const bool enters = first > 0 && head > 0 && layer[first - 1].block == head;
    const bool leaves = end < s->net->count && tail > 0 && layer[end].block == tail;
    return (enters || leaves) && head != tail;
}

/* Would a node be in a shortcut and its elder in the branch beside it, or the other way round? */
static bool leaves_branch(const search *s, int32_t child)
{
    const dpid_module *layer = s->net->module;
    if (s->node[child].elder == NONE)
        return false;
    const dpid_module *elder = &layer[s->node[s->node[child].elder].place];
    return elder->block > 0 && elder->block == layer[s->at].block && elder->shortcut != layer[s->at].shortcut;
}

/* The leaves below `at` that may be next: their number, up to most; the first ones in leaf. */
static int32_t list_next(const search *s, int32_t at, int32_t *leaf, int32_t most)
{
    int32_t count = 0;
    for (int32_t k = s->node[at].lists; k != NONE && count < most; k = s->series[k].next) {
        const int32_t child = s->series[k].head;
        if (child == NONE || (s->care > 1 && leaves_branch(s, child)))
            continue;
        const node *n = &s->node[child];
        if (n->module == NONE && !(s->care > 0 && cuts_block(s, s->at, s->at + n->size)))
            count += list_next(s, child, leaf + count, most - count);
        else if (n->module != NONE && s->file_class[n->module] == s->net_class[s->at])
            leaf[count++] = child;
    }
    return count;
}

/* A node whose last leaf has its place makes room for the next of its series. */
static void take(search *s, int32_t leaf)
{
    int32_t at = leaf;
    s->steps++;
    s->taken[s->at++] = (step){leaf, s->current};
    for (int32_t n = leaf; n != NONE; n = s->node[n].parent) {
        if (s->node[n].left == s->node[n].size)
            s->node[n].place = s->at - 1;
        s->node[n].left--;
    }
    for (; s->node[at].left == 0 && s->node[at].parent != NONE; at = s->node[at].parent)
        s->series[s->node[at].series].head = s->node[at].next;
    s->current = at;
}

static void give_back(search *s)
{
    const step last = s->taken[--s->at];
    for (int32_t n = last.leaf; s->node[n].left == 0 && s->node[n].parent != NONE; n = s->node[n].parent)
        s->series[s->node[n].series].head = n;
    for (int32_t n = last.leaf; n != NONE; n = s->node[n].parent)
        s->node[n].left++;
    s->current = last.current;
}

/* ---- all orders --------------------------------------------------------------------------------------- */

static void note_order(search *s)
{
    s->orders++;
    for (int32_t i = s->net->count - 1; i >= 0; i--) {
        const int32_t module = s->node[s->taken[i].leaf].module;
        if (s->orders == 1)
            s->found[i] = module;
        else if (s->found[i] != module) {
            s->differs = i;
            s->other = module;
        }
    }
}

/* Deeper only where there is a choice. More than CHOICES of them are more than are looked at. */
static void look(search *s)
{
    enum { CHOICES = 64 };
    int32_t leaf[CHOICES];
    const int32_t start = s->at;
    int32_t count = 1;
    while (s->at < s->net->count && count == 1 && s->steps < STEPS_MOST) {
        count = list_next(s, s->current, leaf, CHOICES);
        if (count == 1)
            take(s, leaf[0]);
    }
    if (s->at == s->net->count)
        note_order(s);
    else if (count > 1 && s->depth == DEPTH_MOST)
        s->steps = STEPS_MOST;
    s->depth++;
    for (int32_t k = 0; count > 1 && k < count && s->orders < 2 && s->steps < STEPS_MOST; k++) {
        take(s, leaf[k]);
        look(s);
        give_back(s);
    }
    s->depth--;
    while (s->at > start)
        give_back(s);
}

static int32_t prepare(dpid_arena *arena, search *s)
{
    const int32_t count = s->file->count;
    int32_t nodes = 1; /* a component is a node at most, and the end of a name another */
    for (int32_t i = 0; i < count; i++) {
        nodes += 2;
        for (const char *p = s->file->module[i].prefix; *p; p++)
            nodes += *p == '.';
    }
    DPID_TRY(dpid_arena_alloc(arena, nodes + 1, sizeof *s->node, "match", &s->node));
    DPID_TRY(dpid_arena_alloc(arena, nodes + 1, sizeof *s->series, "match", &s->series));
    DPID_TRY(dpid_arena_alloc(arena, count, sizeof *s->taken, "match", &s->taken));
    s->node[s->nodes++] = (node){.parent = NONE, .lists = NONE, .elder = NONE, .next = NONE};
    plant(s, 0, 0, count, 0);
    return DEEPID_OK;
}

/* ---- lists side by side ----------------------------------------------------------------------------------- */

static bool same_pattern(const char *a, const char *b)
{
    return dpid_name_same_stem(a, strlen(a), b, strlen(b));
}

/* Every class has modules of one pattern: its modules, which stand in the order of their numbers, in the order of its
   layers. Then no pattern may run backwards. */
static bool order_lists(const search *s, int32_t *place /* of each module */)
{
    const int32_t count = s->net->count;
    for (int32_t c = 0; c < count; c++) {
        int32_t layer = 0;
        const char *pattern = NULL;
        for (int32_t i = 0; i < count; i++) {
            const char *name = s->file->module[i].prefix;
            if (s->file_class[i] != c)
                continue;
            if (pattern && !same_pattern(pattern, name))
                return false;
            for (pattern = name; s->net_class[layer] != c;)
                layer++;
            place[i] = layer;
            s->found[layer++] = i;
        }
    }
    for (int32_t i = 1; i < count; i++) {
        const char *name = s->file->module[i].prefix;
        int32_t before = i - 1;
        while (before >= 0 && !same_pattern(s->file->module[before].prefix, name))
            before--;
        if (before >= 0 && place[i] < place[before])
            return false;
    }
    return true;
}

/* ---- sentences ---------------------------------------------------------------------------------------------- */

static int32_t say(dpid_arena *arena, const char *path, const char *what, const dpid_modules *net,
                   const dpid_modules *file, int32_t first)
{
    enum { MOST = 110 };
    dpid_string s = {.ctx = arena->ctx};
    const int32_t start = first > 1 ? first - 1 : 0;
    dpid_string_format(&s, "'%.60s': %.180s; the net has ", path, what);
    dpid_modules_print(&s, net, start < net->count ? start : 0, MOST);
    dpid_string_add(&s, "; the file has ");
    dpid_modules_print(&s, file, start < file->count ? start : 0, MOST);
    const int32_t status = s.status == DEEPID_OK ? dpid_fail(arena->ctx, DEEPID_ERR_SHAPE, "%s", s.text) : s.status;
    dpid_string_release(&s);
    return status;
}

static int32_t say_two(dpid_arena *arena, const search *s, const char *path)
{
    char what[256];
    snprintf(what, sizeof what, "two orders fit equally: %.40s may be '%.40s' or '%.40s'; give the names in order",
             s->net->module[s->differs].prefix, s->file->module[s->found[s->differs]].prefix,
             s->file->module[s->other].prefix);
    return say(arena, path, what, s->net, s->file, s->differs);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* A number for each text of shapes, net's first; *first_odd: a layer whose shapes the file has not as often. */
static int32_t make_classes(dpid_arena *arena, search *s, int32_t *odd)
{
    int32_t *classes[2] = {NULL, NULL};
    int32_t *balance = NULL;
    const dpid_modules *side[2] = {s->net, s->file};
    int32_t known = 0;
    const char **text = NULL;
    const int32_t most = s->net->count + s->file->count;
    DPID_TRY(dpid_arena_alloc(arena, most, sizeof *text, "match", &text));
    DPID_TRY(dpid_arena_alloc(arena, most, sizeof *balance, "match", &balance));
    for (int k = 0; k < 2; k++) {
        DPID_TRY(dpid_arena_alloc(arena, side[k]->count, sizeof **classes, "match", &classes[k]));
        for (int32_t i = 0; i < side[k]->count; i++) {
            int32_t c = 0;
            while (c < known && strcmp(text[c], side[k]->module[i].shapes) != 0)
                c++;
            if (c == known)
                text[known++] = side[k]->module[i].shapes;
            classes[k][i] = c;
            balance[c] += k ? -1 : 1;
        }
    }
    s->net_class = classes[0];
    s->file_class = classes[1];
    *odd = NONE;
    for (int32_t i = s->net->count - 1; i >= 0; i--)
        if (balance[classes[0][i]] != 0)
            *odd = i;
    return DEEPID_OK;
}

/* A module whose shapes no layer has. */
static int32_t first_extra(const search *s)
{
    for (int32_t i = 0; i < s->file->count; i++) {
        int32_t k = 0;
        while (k < s->net->count && s->net_class[k] != s->file_class[i])
            k++;
        if (k == s->net->count)
            return i;
    }
    return NONE;
}

int32_t dpid_match_by_order(dpid_arena *arena, const char *path, const dpid_modules *net, const dpid_modules *file,
                            int32_t *place)
{
    search s = {.net = net, .file = file, .found = place};
    int32_t *last = NULL;
    int32_t odd;
    char what[256];
    DPID_TRY(make_classes(arena, &s, &odd));
    if (odd != NONE || net->count != file->count) {
        snprintf(what, sizeof what, "%d modules for %d layers with parameters", file->count, net->count);
        const int32_t extra = odd == NONE ? first_extra(&s) : NONE;
        if (extra != NONE)
            snprintf(what, sizeof what, "%d modules for %d layers with parameters, and none of them like %.30s [%.90s]",
                     file->count, net->count, file->module[extra].prefix, file->module[extra].shapes);
        if (odd != NONE)
            snprintf(what, sizeof what,
                     "%d modules for %d layers with parameters, and not one for each like %.30s [%.90s]", file->count,
                     net->count, net->module[odd].prefix, net->module[odd].shapes);
        return say(arena, path, what, net, file, odd == NONE ? 0 : odd);
    }
    if (net->count == 0)
        return DEEPID_OK;
    DPID_TRY(prepare(arena, &s));
    for (s.care = 2; s.care >= 0 && s.orders == 0 && s.steps < STEPS_MOST; s.care--)
        look(&s);
    if (s.orders == 2)
        return say_two(arena, &s, path);
    DPID_TRY(dpid_arena_alloc(arena, file->count, sizeof *last, "match", &last));
    if (s.steps >= STEPS_MOST || (s.orders == 0 && !order_lists(&s, last)))
        return say(arena, path, "no one order of its modules fits the net; give the names in order", net, file, 0);
    return DEEPID_OK;
}

/* ---- by names ---------------------------------------------------------------------------------------------------- */

static int32_t find_module(const dpid_modules *file, const char *prefix)
{
    int32_t low = 0;
    int32_t high = file->count;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        const int order = dpid_name_compare(file->module[middle].prefix, prefix);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NONE;
}

int32_t dpid_match_by_names(dpid_arena *arena, const char *path, const dpid_modules *net, const dpid_modules *file,
                            const dpid_modules *names, int32_t *place)
{
    char what[256];
    if (names->count != net->count) {
        snprintf(what, sizeof what, "names has %d modules, the net %d layers with parameters", names->count,
                 net->count);
        return say(arena, path, what, net, file, 0);
    }
    for (int32_t i = 0; i < net->count; i++) {
        place[i] = find_module(file, names->module[i].prefix);
        if (place[i] == NONE)
            return dpid_fail(arena->ctx, DEEPID_ERR_FORMAT, "'%s' has no tensor of '%.80s', which is in names", path,
                             names->module[i].prefix);
        if (strcmp(file->module[place[i]].shapes, net->module[i].shapes) == 0)
            continue;
        snprintf(what, sizeof what, "names: '%.40s' is [%.50s], expected [%.50s] for %.30s", names->module[i].prefix,
                 file->module[place[i]].shapes, net->module[i].shapes, net->module[i].prefix);
        return say(arena, path, what, net, file, 0);
    }
    return DEEPID_OK;
}
