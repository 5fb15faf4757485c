/* Nets: made from text, cloned, asked. */
#include "net/net.h"

#include "net/build.h"
#include "net/graph.h"
#include "net/plan.h"
#include "net/rounding.h"
#include "ops/conv2d/conv2d.h"
#include "tensor/vector.h"

#include <string.h>

/* ---- create, destroy ------------------------------------------------------------------- */

void deepid_net_destroy(deepid_net *net)
{
    if (!dpid_is(net, DPID_MAGIC_NET))
        return;
    deepid_ctx *ctx = net->head.ctx;
    dpid_plan_destroy(net);
    dpid_free(ctx, net->values);
    dpid_free(ctx, net->gradients);
    dpid_free(ctx, net->states);
    dpid_free(ctx, net->rounded);
    dpid_arena_release(&net->arena);
    net->head.magic = 0;
    dpid_free(ctx, net);
}

static int32_t write_text(deepid_net *net, const dpid_spec *spec)
{
    dpid_string s = {.ctx = net->head.ctx};
    dpid_spec_print(&s, spec);
    const int32_t status =
        s.status == DEEPID_OK ? dpid_arena_text(&net->arena, s.text, s.length, &net->text) : s.status;
    dpid_string_release(&s);
    return status;
}

static int32_t refuse_storage(const deepid_net *net, const dpid_storage *storage)
{
    dpid_string said = {.ctx = net->head.ctx};
    if (!storage->on || net->precision == DPID_P32)
        return DEEPID_OK;
    dpid_storage_print(&said, storage);
    const int32_t status =
        said.status == DEEPID_OK
            ? dpid_fail(net->head.ctx, DEEPID_ERR_UNSUPPORTED,
                        "net: storage is %s, and the net computes in f64; storage is for f32 nets", said.text)
            : said.status;
    dpid_string_release(&said);
    return status;
}

/* The storage is on or off as it stands in net->storage; says which values stay f32, and its words. */
static int32_t settle_storage(deepid_net *net)
{
    dpid_string s = {.ctx = net->head.ctx};
    DPID_TRY(dpid_rounding_find_wide(net));
    dpid_storage_print(&s, &net->storage);
    const int32_t status =
        s.status == DEEPID_OK ? dpid_arena_text(&net->arena, s.text, s.length, &net->storage_text) : s.status;
    dpid_string_release(&s);
    return status;
}

/* strict: an f64 net refuses storage; else it does without. */
static int32_t fill_net(deepid_net *net, const char *text, int64_t most, bool strict)
{
    dpid_spec spec = {.items = NULL};
    const int64_t bytes = dpid_precision_bytes(net->precision);
    DPID_TRY(dpid_spec_parse(&net->arena, text, &spec));
    DPID_TRY(dpid_net_build(net, &spec, most));
    net->exact = spec.exact;
    net->recompute = spec.recompute;
    net->frozen = spec.frozen;
    DPID_TRY(strict ? refuse_storage(net, &spec.storage) : DEEPID_OK);
    if (net->precision != DPID_P32)
        spec.storage = (dpid_storage){.on = false};
    net->storage = spec.storage;
    dpid_graph_find(net);
    DPID_TRY(settle_storage(net));
    DPID_TRY(write_text(net, &spec));
    DPID_TRY(dpid_alloc(net->head.ctx, net->values_reals, bytes, "parameters", &net->values));
    DPID_TRY(dpid_alloc(net->head.ctx, net->states_reals, bytes, "states", &net->states));
    dpid_net_start_values(net);
    return DEEPID_OK;
}

static int32_t make(deepid_ctx *ctx, const char *text, dpid_precision precision, int64_t most, bool strict,
                    deepid_net **out)
{
    deepid_net *net = NULL;
    DPID_TRY(dpid_alloc(ctx, 1, sizeof *net, "net", &net));
    net->head = (dpid_head){DPID_MAGIC_NET, ctx};
    net->arena.ctx = ctx;
    net->precision = precision;
    net->dtype = precision == DPID_P32 ? DEEPID_F32 : DEEPID_F64;
    const int32_t status = fill_net(net, text, most, strict);
    if (status == DEEPID_OK)
        *out = net;
    else
        deepid_net_destroy(net);
    return status;
}

static int32_t create(deepid_ctx *ctx, const char *text, int32_t dtype, int64_t most, bool strict, deepid_net **out)
{
    if (!text || !out)
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "net: %s is NULL", text ? "out" : "text");
    if (!dpid_dtype_is_real(dtype))
        return dpid_fail(ctx, DEEPID_ERR_DTYPE, "net: dtype is %d, expected DEEPID_F32 (1) or DEEPID_F64 (2)", dtype);
    return make(ctx, text, dpid_dtype_precision(dtype), most, strict, out);
}

int32_t dpid_net_create_within(deepid_ctx *ctx, const char *text, int32_t dtype, int64_t most, deepid_net **out)
{
    return create(ctx, text, dtype, most, false, out);
}

int32_t deepid_net_create(deepid_ctx *ctx, const char *text, int32_t dtype, deepid_net **out)
{
    DPID_TRY(dpid_enter(ctx, DPID_MAGIC_CTX));
    return dpid_leave(ctx, create(ctx, text, dtype, -1, true, out));
}

/* ---- clone -------------------------------------------------------------------------------- */

/* Bit for bit where nothing changes, NaN payloads included. */
static void convert(dpid_precision to, void *target, dpid_precision from, const void *source, int64_t n)
{
    if (to == from) {
        memcpy(target, source, (size_t)(n * dpid_precision_bytes(to)));
        return;
    }
    for (int64_t i = 0; i < n; i++)
        dpid_store(to, target, i, dpid_fetch(from, source, i));
}

int32_t dpid_net_clone_as(const deepid_net *net, dpid_precision precision, deepid_net **out)
{
    deepid_net *copy = NULL;
    DPID_TRY(make(net->head.ctx, net->text, precision, -1, false, &copy));
    convert(precision, copy->values, net->precision, net->values, net->values_reals);
    convert(precision, copy->states, net->precision, net->states, net->states_reals);
    copy->mode = net->mode;
    copy->noise_seed = net->noise_seed;
    copy->noise_step = net->noise_step;
    *out = copy;
    return DEEPID_OK;
}

static int32_t net_clone(const deepid_net *net, int32_t dtype, deepid_net **out)
{
    if (!out)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: out is NULL");
    if (dtype != 0 && !dpid_dtype_is_real(dtype))
        return dpid_fail(net->head.ctx, DEEPID_ERR_DTYPE,
                         "net: dtype is %d, expected 0, DEEPID_F32 (1) or DEEPID_F64 (2)", dtype);
    return dpid_net_clone_as(net, dtype ? dpid_dtype_precision(dtype) : net->precision, out);
}

int32_t deepid_net_clone(const deepid_net *net, int32_t dtype, deepid_net **out)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, net_clone(net, dtype, out));
}

/* ---- reads --------------------------------------------------------------------------------- */

const char *deepid_net_describe(deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? net->text : "";
}

int32_t deepid_net_dtype(const deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? net->dtype : 0;
}

int32_t deepid_net_mode(const deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? (int32_t)net->mode : DEEPID_EVAL;
}

static const dpid_shape *shape_of(const deepid_net *net, bool output)
{
    static const dpid_shape none = {.rank = -1};
    if (!dpid_is(net, DPID_MAGIC_NET))
        return &none;
    return &net->value[output ? net->step[net->steps - 1].out : 0].shape;
}

int32_t deepid_net_input_rank(const deepid_net *net)
{
    return shape_of(net, false)->rank;
}

int64_t deepid_net_input_extent(const deepid_net *net, int32_t axis)
{
    const dpid_shape *shape = shape_of(net, false);
    return axis >= 0 && axis < shape->rank ? shape->extent[axis] : -1;
}

int32_t deepid_net_output_rank(const deepid_net *net)
{
    return shape_of(net, true)->rank;
}

int64_t deepid_net_output_extent(const deepid_net *net, int32_t axis)
{
    const dpid_shape *shape = shape_of(net, true);
    return axis >= 0 && axis < shape->rank ? shape->extent[axis] : -1;
}

int64_t deepid_net_block_count(const deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? net->blocks : -1;
}

/* ---- copying by name ------------------------------------------------------------------------------ */

static bool same_shape(const dpid_parameter *a, const dpid_parameter *b)
{
    return a->spec.rank == b->spec.rank &&
           memcmp(a->spec.extents, b->spec.extents, sizeof *a->spec.extents * (size_t)a->spec.rank) == 0;
}

/* Equal nets list equal names in equal order: the place behind the last find is tried first. */
static int64_t find_near(const deepid_net *net, const char *name, int64_t near)
{
    if (near < net->parameters && strcmp(net->parameter[near].name, name) == 0)
        return near;
    return deepid_net_parameter_find(net, name);
}

static int32_t copy_parameters(deepid_net *net, const deepid_net *other, int64_t *copied)
{
    deepid_ctx *ctx = net->head.ctx;
    int64_t count = 0;
    if (!dpid_is(other, DPID_MAGIC_NET))
        return dpid_fail(ctx, DEEPID_ERR_ARGUMENT, "net: other is %s, expected a net", other ? "not a net" : "NULL");
    for (int pass = 0; pass < 2; pass++) { /* all shapes first: a failed call changes nothing */
        int64_t near = 0;
        for (int32_t i = 0; i < net->parameters; i++) {
            const int64_t j = find_near(other, net->parameter[i].name, near);
            if (j < 0)
                continue;
            near = j + 1;
            if (!same_shape(&net->parameter[i], &other->parameter[j]))
                return dpid_fail(ctx, DEEPID_ERR_SHAPE, "%s is %s in the other net, expected %s",
                                 net->parameter[i].name,
                                 dpid_shape_text(other->parameter[j].spec.rank, other->parameter[j].spec.extents).text,
                                 dpid_shape_text(net->parameter[i].spec.rank, net->parameter[i].spec.extents).text);
            if (pass == 0)
                continue;
            convert(net->precision, dpid_net_parameter_at(net, i), other->precision,
                    dpid_net_parameter_at(other, (int32_t)j), net->parameter[i].count);
            count++;
        }
    }
    net->packed = false;
    if (copied)
        *copied = count;
    return DEEPID_OK;
}

int32_t deepid_net_copy_parameters(deepid_net *net, const deepid_net *other, int64_t *copied)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, copy_parameters(net, other, copied));
}

/* ---- summary ----------------------------------------------------------------------------------------- */

enum { OUT_0, OUT_1, OUT_2, PARAMETERS, MULTIPLY_ADDS, ACTIVATION_BYTES, WINOGRAD, SUMMARY_COLUMNS };

static void summarise(const deepid_net *net, const dpid_layer *layer, double *row)
{
    memset(row, 0, sizeof *row * SUMMARY_COLUMNS);
    for (int32_t axis = 0; axis < layer->op.out.rank; axis++)
        row[OUT_0 + axis] = (double)layer->op.out.extent[axis];
    for (int32_t k = 0; k < layer->op.parameters; k++)
        if (layer->op.parameter[k].trained)
            row[PARAMETERS] += (double)net->parameter[layer->parameter[k]].count;
    row[MULTIPLY_ADDS] = (double)layer->op.macs;
    row[WINOGRAD] =
        !net->exact && (layer->op.kind->flags & DPID_KIND_CONVOLUTION) && dpid_conv2d_has_winograd(&layer->op);
    row[ACTIVATION_BYTES] = (double)(dpid_shape_count(&layer->op.out) * dpid_precision_bytes(net->precision));
}

static int32_t net_summary(deepid_net *net, deepid_table **out)
{
    if (!out)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: out is NULL");
    deepid_table *table = NULL;
    double total[SUMMARY_COLUMNS] = {0};
    double row[SUMMARY_COLUMNS];
    DPID_TRY(deepid_table_create(net->head.ctx, "layer",
                                 "out_0,out_1,out_2,parameters,multiply_adds,activation_bytes,winograd", &table));
    int32_t status = DEEPID_OK;
    for (int32_t i = 0; i < net->layers && status == DEEPID_OK; i++) {
        summarise(net, &net->layer[i], row);
        for (int k = PARAMETERS; k < SUMMARY_COLUMNS; k++)
            total[k] += row[k];
        status = deepid_table_append(table, net->layer[i].name, row);
    }
    if (status == DEEPID_OK)
        status = deepid_table_append(table, "total", total);
    if (status == DEEPID_OK)
        *out = table;
    else
        deepid_table_destroy(table);
    return status;
}

int32_t deepid_net_summary(deepid_net *net, deepid_table **out)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, net_summary(net, out));
}

/* ---- how it is computed ------------------------------------------------------------------------------- */

static bool same_storage(const dpid_storage *a, const dpid_storage *b)
{
    return memcmp(a->said, b->said, sizeof a->said) == 0;
}

/* The options stand in the text, so they are stored and copied with the net. */
static int32_t set_compute(deepid_net *net, bool exact, int64_t recompute, const dpid_storage *storage)
{
    dpid_spec spec = {.items = NULL};
    const bool stored = !same_storage(&net->storage, storage);
    if (net->exact == exact && net->recompute == recompute && !stored)
        return DEEPID_OK;
    DPID_TRY(dpid_spec_parse(&net->arena, net->text, &spec));
    spec.exact = exact;
    spec.recompute = recompute;
    spec.storage = *storage;
    DPID_TRY(write_text(net, &spec));
    if (net->recompute != recompute || net->frozen || stored)
        dpid_plan_destroy(net); /* the next use makes one */
    net->exact = exact;
    net->recompute = recompute;
    net->storage = *storage;
    if (!stored)
        return DEEPID_OK;
    dpid_free(net->head.ctx, net->rounded);
    net->rounded = NULL;
    net->forward_n = 0;
    return settle_storage(net);
}

static int32_t set_exact(deepid_net *net, int32_t exact)
{
    if (exact != 0 && exact != 1)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: exact is %d, expected 0 or 1", exact);
    return set_compute(net, exact == 1, net->recompute, &net->storage);
}

int32_t deepid_net_set_exact(deepid_net *net, int32_t exact)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, set_exact(net, exact));
}

static int32_t set_recompute(deepid_net *net, int64_t blocks)
{
    enum { MOST = 1 << 20 };
    if (blocks < 0 || blocks > MOST)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: blocks is %lld, expected 0 to %d", (long long)blocks,
                         MOST);
    return set_compute(net, net->exact, blocks, &net->storage);
}

int32_t deepid_net_set_recompute(deepid_net *net, int64_t blocks)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, set_recompute(net, blocks));
}

static int32_t set_storage(deepid_net *net, const char *text)
{
    dpid_storage storage;
    if (!text)
        return dpid_fail(net->head.ctx, DEEPID_ERR_ARGUMENT, "net: storage is NULL, expected f32, bf16, f16, ...");
    DPID_TRY(dpid_storage_parse(net->head.ctx, text, &storage));
    DPID_TRY(storage.on ? dpid_net_refuse_frozen(net) : DEEPID_OK);
    DPID_TRY(refuse_storage(net, &storage));
    DPID_TRY(set_compute(net, net->exact, net->recompute, &storage));
    dpid_round_kept(net);
    return DEEPID_OK;
}

int32_t deepid_net_set_storage(deepid_net *net, const char *storage)
{
    DPID_TRY(dpid_enter(net, DPID_MAGIC_NET));
    return dpid_leave(net->head.ctx, set_storage(net, storage));
}

const char *deepid_net_storage(const deepid_net *net)
{
    return dpid_is(net, DPID_MAGIC_NET) ? net->storage_text : "";
}
