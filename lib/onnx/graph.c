/* The graph of an ONNX file: names become numbers, nodes know who reads them. What a file says of its graph is checked
   here: every name is made once, and before it is read. */
#include "onnx/onnx.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what nodes say -------------------------------------------------------------------------- */

const dpid_onnx_node *dpid_onnx_node_at(const dpid_onnx_graph *g, int32_t node)
{
    return g->file->graph->node[node];
}

int32_t dpid_onnx_input(const dpid_onnx_graph *g, int32_t node, int32_t i)
{
    return i < (int32_t)dpid_onnx_node_at(g, node)->n_input ? g->edge[g->first_edge[node] + i] : DPID_ONNX_NONE;
}

int32_t dpid_onnx_output(const dpid_onnx_graph *g, int32_t node, int32_t i)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(g, node);
    return i < (int32_t)proto->n_output ? g->edge[g->first_edge[node] + (int32_t)proto->n_input + i] : DPID_ONNX_NONE;
}

int32_t dpid_onnx_number_input(const dpid_onnx_graph *g, int32_t node, int32_t i)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(g, node);
    const bool about = dpid_onnx_is(proto, "Shape") || (i == 1 && dpid_onnx_is(proto, "CastLike"));
    return about ? DPID_ONNX_NONE : dpid_onnx_input(g, node, i);
}

int32_t dpid_onnx_reads(const dpid_onnx_graph *g, int32_t node, int32_t value)
{
    int32_t count = 0;
    for (int32_t i = 0; i < (int32_t)dpid_onnx_node_at(g, node)->n_input; i++)
        count += dpid_onnx_number_input(g, node, i) == value;
    return count;
}

const dpid_onnx_attribute *dpid_onnx_attribute_of(const dpid_onnx_node *node, const char *name)
{
    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->name && strcmp(node->attribute[i]->name, name) == 0)
            return node->attribute[i];
    return NULL;
}

int64_t dpid_onnx_int(const dpid_onnx_node *node, const char *name, int64_t otherwise)
{
    const dpid_onnx_attribute *a = dpid_onnx_attribute_of(node, name);
    return a && a->has_i ? a->i : otherwise;
}

double dpid_onnx_float(const dpid_onnx_node *node, const char *name, double otherwise)
{
    const dpid_onnx_attribute *a = dpid_onnx_attribute_of(node, name);
    return a && a->has_f ? (double)a->f : otherwise;
}

bool dpid_onnx_is(const dpid_onnx_node *node, const char *op)
{
    return node->op_type && strcmp(node->op_type, op) == 0 &&
           (!node->domain || !*node->domain || strcmp(node->domain, "ai.onnx") == 0);
}

int32_t dpid_onnx_extents(const dpid_onnx_flow *flow, int64_t *extents)
{
    const dpid_shape picture = dpid_shape_picture(&flow->shape);
    const int64_t c = picture.extent[2];
    const int64_t all[] = {c, picture.extent[0], picture.extent[1], c};
    if (flow->layout == DPID_ONNX_SAMPLES)
        return 0;
    if (flow->groups) {
        extents[0] = flow->groups;
        extents[1] = dpid_shape_count(&flow->shape) / flow->groups;
        return 2;
    }
    if (flow->layout == DPID_ONNX_FEATURES)
        extents[0] = c;
    else if (flow->series) {
        extents[0] = flow->layout == DPID_ONNX_PLANES ? c : picture.extent[1];
        extents[1] = flow->layout == DPID_ONNX_PLANES ? picture.extent[1] : c;
    } else
        memcpy(extents, flow->layout == DPID_ONNX_PLANES ? all : all + 1, 3 * sizeof *extents);
    return flow->layout == DPID_ONNX_FEATURES ? 1 : flow->series || flow->layout == DPID_ONNX_MATRIX ? 2 : 3;
}

int32_t dpid_onnx_readers(const dpid_onnx_graph *g, int32_t value, int32_t scope, int32_t *node)
{
    const dpid_onnx_value *v = &g->value[value];
    int32_t count = 0;
    for (int32_t k = 0; k < v->readers; k++) {
        const int32_t reader = g->reader[v->first_reader + k];
        if (g->scope[reader] != scope)
            continue;
        if (count++ == 0)
            *node = reader;
    }
    return count;
}

/* ---- messages -------------------------------------------------------------------------------- */

/* "node 'conv1' (Conv)"; one without a name goes by what it makes. */
static void say_node(const dpid_onnx_graph *g, int32_t node, char *text, size_t size)
{
    const dpid_onnx_node *proto = dpid_onnx_node_at(g, node);
    const bool named = proto->name && *proto->name;
    const char *name = named ? proto->name : proto->n_output > 0 ? proto->output[0] : "";
    const bool own = proto->domain && *proto->domain && strcmp(proto->domain, "ai.onnx") != 0;
    snprintf(text, size, "%s '%.80s' (%s%.40s%.40s)", named ? "node" : "the node of", name, own ? proto->domain : "",
             own ? "." : "", proto->op_type ? proto->op_type : "");
}

int32_t dpid_onnx_refuse(const dpid_onnx_graph *g, int32_t node, const char *format, ...)
{
    char sentence[DPID_ERROR_MAX];
    char who[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    say_node(g, node, who, sizeof who);
    return dpid_fail(g->file->arena.ctx, DEEPID_ERR_UNSUPPORTED, "'%s': %s: %s", g->file->path, who, sentence);
}

int32_t dpid_onnx_name_node(const dpid_onnx_graph *g, int32_t node, int32_t status)
{
    char sentence[DPID_ERROR_MAX];
    char who[200];
    if (status == DEEPID_OK || status == DEEPID_ERR_MEMORY || status == DEEPID_ERR_LIMIT)
        return status;
    snprintf(sentence, sizeof sentence, "%s", g->file->arena.ctx->error);
    say_node(g, node, who, sizeof who);
    return dpid_fail(g->file->arena.ctx, status, "'%s': %s: %s", g->file->path, who, sentence);
}

/* ---- names ----------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    int32_t value;
} entry;

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a;
    const entry *y = b;
    const int order = strcmp(x->name, y->name);
    return order ? order : (x->value > y->value) - (x->value < y->value);
}

static int compare_name(const void *name, const void *item)
{
    return strcmp(name, ((const entry *)item)->name);
}

typedef struct {
    dpid_onnx_graph *g;
    entry *entry;
    int32_t entries;
} maker;

static void add_value(maker *m, const char *name, int32_t node, const dpid_onnx_tensor *initializer)
{
    dpid_onnx_graph *g = m->g;
    if (!name || !*name)
        return;
    g->value[g->values] = (dpid_onnx_value){.name = name, .maker = node, .initializer = initializer};
    m->entry[m->entries++] = (entry){name, g->values++};
}

/* Before IR version 4 an initializer stood among the inputs too: the first of the two counts. */
static int32_t check_names(maker *m)
{
    int32_t kept = 0;
    qsort(m->entry, (size_t)m->entries, sizeof *m->entry, compare_entries);
    for (int32_t i = 0; i < m->entries; i++) {
        const entry *last = kept > 0 ? &m->entry[kept - 1] : NULL;
        if (!last || strcmp(last->name, m->entry[i].name) != 0)
            m->entry[kept++] = m->entry[i];
        else if (!m->g->value[last->value].initializer || m->g->value[m->entry[i].value].initializer ||
                 m->g->value[m->entry[i].value].maker != DPID_ONNX_NONE)
            return dpid_fail(m->g->file->arena.ctx, DEEPID_ERR_FORMAT, "'%s': the value '%.80s' is made twice",
                             m->g->file->path, last->name);
    }
    m->entries = kept;
    return DEEPID_OK;
}

static int32_t find(const maker *m, const char *name)
{
    const entry *found = bsearch(name, m->entry, (size_t)m->entries, sizeof *m->entry, compare_name);
    return found ? found->value : DPID_ONNX_NONE;
}

static int32_t add_values(maker *m)
{
    const Onnx__GraphProto *graph = m->g->file->graph;
    for (size_t i = 0; i < graph->n_initializer; i++)
        add_value(m, graph->initializer[i]->name, DPID_ONNX_NONE, graph->initializer[i]);
    for (size_t i = 0; i < graph->n_input; i++)
        add_value(m, graph->input[i]->name, DPID_ONNX_NONE, NULL);
    for (int32_t i = 0; i < m->g->nodes; i++)
        for (size_t k = 0; k < graph->node[i]->n_output; k++)
            add_value(m, graph->node[i]->output[k], i, NULL);
    return check_names(m);
}

/* Of inputs and outputs of all nodes. */
static int32_t add_edges(maker *m)
{
    dpid_onnx_graph *g = m->g;
    int32_t edges = 0;
    for (int32_t i = 0; i < g->nodes; i++) {
        const dpid_onnx_node *node = dpid_onnx_node_at(g, i);
        g->first_edge[i] = edges;
        for (size_t k = 0; k < node->n_input; k++) {
            const bool absent = !*node->input[k];
            const int32_t v = absent ? DPID_ONNX_NONE : find(m, node->input[k]);
            if (!absent && (v < 0 || g->value[v].maker >= i))
                return dpid_fail(g->file->arena.ctx, DEEPID_ERR_FORMAT,
                                 "'%s': node %d reads '%.80s', which nothing before it makes", g->file->path, i,
                                 node->input[k]);
            g->edge[edges++] = v;
        }
        for (size_t k = 0; k < node->n_output; k++)
            g->edge[edges++] = *node->output[k] ? find(m, node->output[k]) : DPID_ONNX_NONE;
    }
    return DEEPID_OK;
}

/* ---- what the output depends on -------------------------------------------------------------- */

static void find_live(dpid_onnx_graph *g, bool *needed)
{
    needed[g->output] = true;
    for (int32_t i = g->nodes - 1; i >= 0; i--) {
        const dpid_onnx_node *node = dpid_onnx_node_at(g, i);
        for (int32_t k = 0; k < (int32_t)node->n_output; k++)
            g->live[i] |= dpid_onnx_output(g, i, k) >= 0 && needed[dpid_onnx_output(g, i, k)];
        for (int32_t k = 0; g->live[i] && k < (int32_t)node->n_input; k++)
            if (dpid_onnx_input(g, i, k) >= 0)
                needed[dpid_onnx_input(g, i, k)] = true;
    }
}

static int32_t find_input(dpid_onnx_graph *g, const maker *m, const bool *needed)
{
    g->input = DPID_ONNX_NONE;
    for (size_t i = 0; i < g->file->graph->n_input; i++) {
        const Onnx__ValueInfoProto *info = g->file->graph->input[i];
        const int32_t v = info->name ? find(m, info->name) : DPID_ONNX_NONE;
        if (v < 0 || g->value[v].initializer || !needed[v])
            continue;
        if (g->input >= 0)
            return dpid_fail(g->file->arena.ctx, DEEPID_ERR_UNSUPPORTED,
                             "'%s': the graph has the inputs '%.80s' and '%.80s'; deepid's nets have one",
                             g->file->path, g->value[g->input].name, g->value[v].name);
        g->input = v;
        g->input_info = info;
    }
    if (g->input < 0)
        return dpid_fail(g->file->arena.ctx, DEEPID_ERR_FORMAT, "'%s': the output depends on no input", g->file->path);
    return DEEPID_OK;
}

static void find_data(dpid_onnx_graph *g)
{
    g->value[g->input].data = true;
    for (int32_t i = 0; i < g->nodes; i++) {
        const dpid_onnx_node *node = dpid_onnx_node_at(g, i);
        bool data = false;
        for (int32_t k = 0; g->live[i] && k < (int32_t)node->n_input; k++)
            data |= dpid_onnx_number_input(g, i, k) >= 0 && g->value[dpid_onnx_number_input(g, i, k)].data;
        for (int32_t k = 0; data && k < (int32_t)node->n_output; k++)
            if (dpid_onnx_output(g, i, k) >= 0)
                g->value[dpid_onnx_output(g, i, k)].data = true;
    }
}

/* A place for each reading: the two of x * x are two. */
static void find_readers(dpid_onnx_graph *g)
{
    int32_t places = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < g->nodes; i++)
            for (int32_t k = 0; g->live[i] && k < (int32_t)dpid_onnx_node_at(g, i)->n_input; k++) {
                const int32_t v = dpid_onnx_number_input(g, i, k);
                if (v >= 0 && pass == 1)
                    g->reader[g->value[v].first_reader + g->value[v].readers] = i;
                if (v >= 0)
                    g->value[v].readers++;
            }
        for (int32_t v = 0; pass == 0 && v < g->values; v++) {
            g->value[v].first_reader = places;
            places += g->value[v].readers;
            g->value[v].readers = 0;
        }
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int32_t find_output(dpid_onnx_graph *g, const maker *m)
{
    const Onnx__GraphProto *graph = g->file->graph;
    if (graph->n_output != 1)
        return dpid_fail(g->file->arena.ctx, DEEPID_ERR_UNSUPPORTED,
                         "'%s': the graph has %lld outputs; deepid's nets have one", g->file->path,
                         (long long)graph->n_output);
    g->output = graph->output[0]->name ? find(m, graph->output[0]->name) : DPID_ONNX_NONE;
    if (g->output < 0)
        return dpid_fail(g->file->arena.ctx, DEEPID_ERR_FORMAT, "'%s': nothing makes the output '%.80s'", g->file->path,
                         graph->output[0]->name ? graph->output[0]->name : "");
    return DEEPID_OK;
}

static int32_t make_room(dpid_onnx_graph *g, maker *m, bool **needed)
{
    const Onnx__GraphProto *graph = g->file->graph;
    dpid_arena *arena = &g->file->arena;
    int64_t values = (int64_t)(graph->n_initializer + graph->n_input);
    int64_t edges = 0;
    for (size_t i = 0; i < graph->n_node; i++) {
        values += (int64_t)graph->node[i]->n_output;
        edges += (int64_t)(graph->node[i]->n_input + graph->node[i]->n_output);
    }
    g->nodes = (int32_t)graph->n_node; /* the file is below 2 GiB */
    DPID_TRY(dpid_arena_alloc(arena, values, sizeof *g->value, "ONNX graph", &g->value));
    DPID_TRY(dpid_arena_alloc(arena, values, sizeof *m->entry, "ONNX graph", &m->entry));
    DPID_TRY(dpid_arena_alloc(arena, values, sizeof **needed, "ONNX graph", needed));
    DPID_TRY(dpid_arena_alloc(arena, edges, sizeof *g->edge, "ONNX graph", &g->edge));
    DPID_TRY(dpid_arena_alloc(arena, edges, sizeof *g->reader, "ONNX graph", &g->reader));
    DPID_TRY(dpid_arena_alloc(arena, g->nodes, sizeof *g->first_edge, "ONNX graph", &g->first_edge));
    DPID_TRY(dpid_arena_alloc(arena, g->nodes, sizeof *g->scope, "ONNX graph", &g->scope));
    return dpid_arena_alloc(arena, g->nodes, sizeof *g->live, "ONNX graph", &g->live);
}

int32_t dpid_onnx_graph_make(dpid_onnx_file *file, dpid_onnx_graph *out)
{
    maker m = {.g = out};
    bool *needed = NULL;
    *out = (dpid_onnx_graph){.file = file};
    DPID_TRY(make_room(out, &m, &needed));
    DPID_TRY(add_values(&m));
    DPID_TRY(add_edges(&m));
    DPID_TRY(find_output(out, &m));
    find_live(out, needed);
    DPID_TRY(find_input(out, &m, needed));
    find_data(out);
    find_readers(out);
    return DEEPID_OK;
}
