/* Nodes of ONNX that only count axes otherwise: Flatten, Reshape, Squeeze, Transpose, and those that put off what the
   next layer does: Pad, Slice. */
#include "onnx/onnx.h"

#include <string.h>

/* ---- from some extents to others ------------------------------------------------------------- */

static bool same(const int64_t *a, int32_t rank_a, const int64_t *b, int32_t rank_b)
{
    return rank_a == rank_b && (rank_a == 0 || memcmp(a, b, sizeof *a * (size_t)rank_a) == 0);
}

/* [1, h, w], [h, w, 1], [h, w]: a picture of one channel, which lies in the same order each time. */
static bool is_one_channel(const int64_t *e, int32_t rank, int64_t *h, int64_t *wide, dpid_onnx_layout *layout)
{
    if (rank < 2)
        return false;
    *layout = rank == 2 ? DPID_ONNX_MATRIX : e[0] == 1 ? DPID_ONNX_PLANES : DPID_ONNX_LAST;
    *h = rank == 3 && e[0] == 1 ? e[1] : e[0];
    *wide = rank == 3 && e[0] == 1 ? e[2] : e[1];
    return rank == 2 || (rank == 3 && (e[0] == 1 || e[2] == 1));
}

static int32_t flatten(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    const dpid_shape picture = dpid_shape_picture(&s->in.shape);
    const bool moves =
        s->in.layout == DPID_ONNX_PLANES && picture.extent[2] > 1 && picture.extent[0] * picture.extent[1] > 1;
    if (s->in.shape.rank > 1)
        DPID_TRY(dpid_onnx_add(w, s, &dpid_kind_flatten, "", NULL));
    s->out.layout = DPID_ONNX_FEATURES;
    s->out.series = false;
    if (moves) {
        s->out.order = picture;
        s->list->last->order = picture;
    }
    return DEEPID_OK;
}

static int32_t refuse_extents(dpid_onnx_walk *w, const dpid_onnx_step *s, const int64_t *now, int32_t rank_now,
                              const int64_t *asked, int32_t rank)
{
    return dpid_onnx_refuse(&w->graph, s->node,
                            "makes %s of samples of %s; deepid's nets flatten a picture or leave it as it is",
                            dpid_shape_text(rank, asked).text, dpid_shape_text(rank_now, now).text);
}

/* [c, l] and [c, 1, l], either way: a series as a picture of one row, and back. */
static bool is_row(const int64_t *now, int32_t rank_now, const int64_t *asked, int32_t rank)
{
    const int64_t *row = rank > rank_now ? asked : now;
    const int64_t *series = rank > rank_now ? now : asked;
    return rank + rank_now == 5 && row[0] == series[0] && row[1] == 1 && row[2] == series[1];
}

/* Features as [1, l] or [l, 1], of the net's input a series at once; elsewhere they are the channels of one step. */
static int32_t make_series(dpid_onnx_walk *w, dpid_onnx_step *s, const int64_t *asked, bool first)
{
    s->out.series = true;
    s->out.layout = first == (asked[0] == 1) ? DPID_ONNX_PLANES : DPID_ONNX_LAST;
    if (!first)
        return DEEPID_OK;
    s->out.shape = (dpid_shape){2, {dpid_shape_count(&s->in.shape), 1}};
    w->flow[w->graph.input] = s->out;
    return DEEPID_OK;
}

/* Samples of these extents, as many numbers as before. */
static int32_t recount(dpid_onnx_walk *w, dpid_onnx_step *s, const int64_t *asked, int32_t rank)
{
    int64_t now[DPID_RANK_MAX];
    int64_t h;
    int64_t wide;
    const int32_t rank_now = dpid_onnx_extents(&s->in, now);
    dpid_onnx_layout layout;
    if (s->in.groups == 0 && same(now, rank_now, asked, rank)) {
        dpid_onnx_pass(s);
        return DEEPID_OK;
    }
    if (dpid_onnx_groups(w, s, asked, rank))
        return DEEPID_OK;
    if (s->in.groups)
        return refuse_extents(w, s, now, rank_now, asked, rank);
    if (s->in.padded || s->in.step[0])
        return dpid_onnx_refuse(&w->graph, s->node, "counts other axes behind a Pad or Slice");
    if (rank == 1 || (rank == 0 && dpid_shape_count(&s->in.shape) == 1)) {
        DPID_TRY(flatten(w, s));
        s->out.layout = rank == 1 ? DPID_ONNX_FEATURES : DPID_ONNX_SAMPLES;
        return DEEPID_OK;
    }
    const int64_t last = rank > 0 ? asked[rank - 1] : 0;
    if (s->in.shape.rank == 1 && rank == 3 && asked[1] == 1 && (asked[0] == 1 || last == 1)) { /* a pixel */
        s->out.layout = last == 1 ? DPID_ONNX_PLANES : DPID_ONNX_LAST;
        return DEEPID_OK;
    }
    const bool first = s->value == w->graph.input && s->list == &w->net && s->in.shape.rank == 1;
    if (s->in.shape.rank == 2 && s->in.layout == DPID_ONNX_PLANES && is_row(now, rank_now, asked, rank)) {
        s->out.series = !s->in.series;
        return DEEPID_OK;
    }
    if (w->series && rank == 2 && (asked[0] == 1 || last == 1) && (first || s->in.shape.rank == 1))
        return make_series(w, s, asked, first);
    const bool one = s->in.shape.rank == 3 && s->in.shape.extent[2] == 1;
    if (!(first || one) || !is_one_channel(asked, rank, &h, &wide, &layout) ||
        (one && (h != s->in.shape.extent[0] || wide != s->in.shape.extent[1])))
        return refuse_extents(w, s, now, rank_now, asked, rank);
    s->out.layout = layout;
    s->out.shape = (dpid_shape){3, {h, wide, 1}};
    if (first)
        w->flow[w->graph.input] = s->out; /* the net reads pictures at once */
    return DEEPID_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

int32_t dpid_onnx_take_flatten(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    int64_t now[DPID_RANK_MAX];
    const int32_t rank = 1 + dpid_onnx_extents(&s->in, now);
    const int64_t axis = dpid_onnx_int(s->proto, "axis", 1);
    const int64_t all = dpid_shape_count(&s->in.shape);
    if (axis != 1 && axis != 1 - rank)
        return dpid_onnx_refuse(&w->graph, s->node, "axis is %lld, expected 1: samples stay apart", (long long)axis);
    return recount(w, s, &all, 1);
}

/* -1 and 0 become what they stand for; false where the samples do not stay apart. */
static bool read_target(const dpid_onnx_step *s, int64_t *target, int32_t rank, bool zeros)
{
    int64_t now[DPID_RANK_MAX];
    const int32_t axes = dpid_onnx_extents(&s->in, now);
    const int64_t all = dpid_shape_count(&s->in.shape);
    int64_t product = 1;
    int32_t open = -1;
    for (int32_t i = 1; i < rank; i++) {
        if (target[i] == 0 && !zeros && i <= axes)
            target[i] = now[i - 1];
        if (target[i] == -1 && open < 0 && target[0] != -1)
            open = i;
        else if (target[i] < 1 || target[i] == DPID_ONNX_BATCH || !dpid_mul(product, target[i], &product))
            return false;
    }
    if (open > 0)
        target[open] = all / product;
    return (open < 0 || target[open] > 0) && dpid_mul(product, open > 0 ? target[open] : 1, &product) &&
           product == all && rank > 0;
}

int32_t dpid_onnx_take_reshape(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    int64_t target[DPID_RANK_MAX];
    int64_t now[DPID_RANK_MAX];
    int32_t rank;
    DPID_TRY(dpid_onnx_ints(w, s, "shape", 1, target, &rank));
    if (rank < 0 || !read_target(s, target, rank, dpid_onnx_int(s->proto, "allowzero", 0) != 0))
        return dpid_onnx_refuse(&w->graph, s->node, "the shape that it asks for does not keep the samples of %s apart",
                                dpid_shape_text(dpid_onnx_extents(&s->in, now), now).text);
    return recount(w, s, target + 1, rank - 1);
}

/* x[:, 0] of one feature. */
int32_t dpid_onnx_take_gather(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    static const int64_t none[] = {0};
    dpid_onnx_constant at;
    const int64_t axis = dpid_onnx_int(s->proto, "axis", 0);
    DPID_TRY(dpid_onnx_weights(w, s, 1, -1, &at));
    if (s->in.layout != DPID_ONNX_FEATURES || dpid_shape_count(&s->in.shape) != 1 || (axis != 1 && axis != -1) ||
        at.count != 1 || at.rank > 0 || (dpid_onnx_number(&at, 0) != 0 && dpid_onnx_number(&at, 0) != -1))
        return dpid_onnx_refuse(&w->graph, s->node,
                                "takes parts of a value by their place (an embedding, heads of attention, x[:, i])");
    return recount(w, s, none, 0);
}

static int32_t axis_flags(dpid_onnx_walk *w, const dpid_onnx_step *s, const int64_t *axes, int32_t count, int32_t rank,
                          bool *flags)
{
    for (int32_t i = 0; i < count; i++) {
        const int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 1 || axis >= rank || flags[axis])
            return dpid_onnx_refuse(&w->graph, s->node, "axis %lld of %d: expected each once, and not the samples'",
                                    (long long)axes[i], rank);
        flags[axis] = true;
    }
    return DEEPID_OK;
}

/* Squeeze and Unsqueeze. */
int32_t dpid_onnx_take_squeeze(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    int64_t now[DPID_RANK_MAX];
    int64_t axes[DPID_RANK_MAX];
    int64_t then[2 * DPID_RANK_MAX];
    bool flags[2 * DPID_RANK_MAX] = {false};
    int32_t count;
    int32_t rank = 0;
    const bool adds = dpid_onnx_is(s->proto, "Unsqueeze");
    const int32_t have = dpid_onnx_extents(&s->in, now);
    DPID_TRY(dpid_onnx_ints(w, s, "axes", 1, axes, &count));
    DPID_TRY(axis_flags(w, s, axes, count, 1 + have + (adds && count > 0 ? count : 0), flags));
    for (int32_t i = 0; i < have || (adds && flags[1 + rank]);) {
        if (adds && flags[1 + rank]) {
            then[rank++] = 1;
            continue;
        }
        const bool drops = !adds && (count < 0 ? now[i] == 1 : flags[1 + i]);
        if (drops && now[i] != 1)
            return dpid_onnx_refuse(&w->graph, s->node, "leaves out an axis of %lld", (long long)now[i]);
        if (!drops)
            then[rank++] = now[i];
        i++;
    }
    if (rank > 3)
        return refuse_extents(w, s, now, have, then, rank < DPID_RANK_MAX ? rank : DPID_RANK_MAX);
    return recount(w, s, then, rank);
}

int32_t dpid_onnx_take_transpose(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    static const int64_t to_last[] = {0, 2, 3, 1};
    static const int64_t to_planes[] = {0, 3, 1, 2};
    static const int64_t exchanged[] = {0, 2, 1}; /* either way of series */
    static const int64_t still[] = {0, 1, 2, 3};
    int64_t now[DPID_RANK_MAX];
    int64_t perm[DPID_RANK_MAX];
    int32_t count;
    const int32_t rank = 1 + dpid_onnx_extents(&s->in, now);
    DPID_TRY(dpid_onnx_ints(w, s, "perm", -1, perm, &count));
    if (same(perm, count, still, rank))
        return DEEPID_OK;
    const int64_t *last = s->in.series ? exchanged : to_last;
    const int64_t *planes = s->in.series ? exchanged : to_planes;
    if (s->in.layout == DPID_ONNX_PLANES && same(perm, count, last, rank))
        s->out.layout = DPID_ONNX_LAST;
    else if (s->in.layout == DPID_ONNX_LAST && same(perm, count, planes, rank))
        s->out.layout = DPID_ONNX_PLANES;
    else
        return dpid_onnx_refuse(&w->graph, s->node, "moves axes otherwise than between channels first and last");
    dpid_onnx_pass(s);
    return DEEPID_OK;
}

static int32_t add_largest(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    DPID_TRY(dpid_onnx_add_largest(w, s));
    if (dpid_onnx_int(s->proto, "keepdims", 1))
        return DEEPID_OK;
    s->in = s->out;
    return flatten(w, s);
}

/* x.mean(3).mean(2): of height and width one after the other. The second node is taken too. */
static int32_t take_second(dpid_onnx_walk *w, dpid_onnx_step *s, int64_t *axes, int32_t *count)
{
    enum { RANK = 4, BOTH = 2 + 3 };
    const int64_t keeps = dpid_onnx_int(s->proto, "keepdims", 1);
    const int64_t axis = axes[0] < 0 ? axes[0] + RANK : axes[0];
    int64_t more[DPID_RANK_MAX];
    int32_t named;
    dpid_onnx_step then = *s;
    if (dpid_onnx_readers(&w->graph, s->makes, s->scope, &then.node) != 1 || s->makes == w->graph.output)
        return DEEPID_OK;
    then.proto = dpid_onnx_node_at(&w->graph, then.node);
    if (!dpid_onnx_is(then.proto, s->proto->op_type) || dpid_onnx_int(then.proto, "keepdims", 1) != keeps ||
        dpid_onnx_output(&w->graph, then.node, 0) < 0)
        return DEEPID_OK;
    DPID_TRY(dpid_onnx_ints(w, &then, "axes", 1, more, &named));
    const int64_t rank = keeps ? RANK : RANK - 1;
    const int64_t other = named == 1 ? (more[0] < 0 ? more[0] + rank : more[0]) : 0;
    if (axis < 2 || axis > 3 || other != (keeps ? BOTH - axis : 2))
        return DEEPID_OK;
    axes[1] = BOTH - axis;
    *count = 2;
    s->makes = dpid_onnx_output(&w->graph, then.node, 0);
    return DEEPID_OK;
}

/* ReduceMean, ReduceMax: whether all axes named are those of the picture; each once. */
int32_t dpid_onnx_take_reduction(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    int64_t axes[DPID_RANK_MAX];
    bool flags[DPID_RANK_MAX + 1] = {false};
    int32_t count;
    const bool planes = s->in.layout == DPID_ONNX_PLANES;
    const bool last = s->in.layout == DPID_ONNX_LAST;
    const bool largest = dpid_onnx_is(s->proto, "ReduceMax");
    DPID_TRY(dpid_onnx_ints(w, s, "axes", 1, axes, &count));
    if (planes && !s->in.series && count == 1)
        DPID_TRY(take_second(w, s, axes, &count));
    const int32_t axes_all = s->in.series ? 1 : 2;
    if (planes || last)
        DPID_TRY(axis_flags(w, s, axes, count, 2 + axes_all, flags));
    if (count != axes_all || !(planes ? flags[2] && flags[1 + axes_all] : last && flags[1] && flags[axes_all]))
        return dpid_onnx_refuse(&w->graph, s->node, "takes the %s over other axes than %s",
                                largest ? "largest" : "mean", s->in.series ? "the length" : "height and width");
    if (largest && s->in.shape.rank > 1)
        DPID_TRY(add_largest(w, s));
    else if (s->in.shape.rank > 1)
        DPID_TRY(dpid_onnx_add(w, s, &dpid_kind_global_avgpool, "", NULL));
    if (!dpid_onnx_int(s->proto, "keepdims", 1))
        s->out.layout = DPID_ONNX_FEATURES;
    return DEEPID_OK;
}

/* ---- put off --------------------------------------------------------------------------------- */

/* pads by axis: begins, then ends; with `axes` only of those. */
static int32_t read_pads(dpid_onnx_walk *w, const dpid_onnx_step *s, int64_t pads[2][4])
{
    enum { MOST = 1 << 12 };
    const int32_t rank = s->in.layout == DPID_ONNX_FEATURES ? 2 : s->in.series ? 3 : 4;
    int64_t list[DPID_RANK_MAX];
    int64_t axes[DPID_RANK_MAX] = {0, 1, 2, 3};
    int32_t count;
    int32_t named;
    DPID_TRY(dpid_onnx_ints(w, s, "pads", 1, list, &count));
    DPID_TRY(dpid_onnx_ints(w, s, "axes", 3, axes, &named));
    const int32_t each = named < 0 ? rank : named;
    if (count != 2 * each)
        return dpid_onnx_refuse(&w->graph, s->node, "pads has %d numbers, expected %d", count, 2 * each);
    for (int32_t i = 0; i < count; i++) {
        const int64_t axis = axes[i % each] < 0 ? axes[i % each] + rank : axes[i % each];
        if (axis < 0 || axis >= rank || list[i] < 0 || list[i] > MOST)
            return dpid_onnx_refuse(&w->graph, s->node, "pads has %lld on axis %lld, expected 0 to %d on axes 0 to %d",
                                    (long long)list[i], (long long)axis, MOST, rank - 1);
        pads[i / each][s->in.series && axis == 2 ? 3 : axis] = list[i]; /* a series is one row */
    }
    return DEEPID_OK;
}

static int32_t check_pad(dpid_onnx_walk *w, const dpid_onnx_step *s)
{
    const dpid_onnx_attribute *mode = dpid_onnx_attribute_of(s->proto, "mode");
    const int32_t at = dpid_onnx_input(&w->graph, s->node, 2);
    dpid_onnx_constant c = {.count = 1};
    bool known = true;
    if (at >= 0)
        DPID_TRY(dpid_onnx_constant_at(w, at, &c, &known));
    const double value =
        at >= 0 && known && c.count == 1 ? dpid_onnx_number(&c, 0) : dpid_onnx_float(s->proto, "value", 0);
    if (!known || c.count > 1 || value != 0 ||
        (mode && mode->s.len > 0 && (mode->s.len != 8 || memcmp(mode->s.data, "constant", 8) != 0)))
        return dpid_onnx_refuse(&w->graph, s->node, "pads by other than zeros");
    if (s->in.layout != DPID_ONNX_FEATURES && (s->in.layout != DPID_ONNX_PLANES || s->in.shape.rank < 2))
        return dpid_onnx_refuse(&w->graph, s->node,
                                "pads what is neither a picture of [samples, channels, height, width] nor features");
    return DEEPID_OK;
}

int32_t dpid_onnx_take_pad(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    int64_t pads[2][4] = {{0}};
    DPID_TRY(check_pad(w, s));
    DPID_TRY(read_pads(w, s, pads));
    const int64_t c = s->in.shape.extent[s->in.shape.rank - 1];
    const int64_t more = pads[0][1] + pads[1][1];
    const bool around = pads[0][2] + pads[0][3] + pads[1][2] + pads[1][3] > 0;
    if (pads[0][0] + pads[1][0] > 0 ||
        (more > 0 && (around || s->in.padded || pads[0][1] != more / 2 || s->in.order.rank)))
        return dpid_onnx_refuse(
            &w->graph, s->node,
            "pads samples, or channels otherwise than a shortcut does: half of the new ones before");
    if (more > 0)
        return dpid_onnx_finish_slice(w, s, c + more);
    if (!around)
        return DEEPID_OK;
    s->out.padded = true;
    for (int i = 0; i < 4; i++)
        s->out.pad[i] += pads[i / 2][2 + i % 2];
    return DEEPID_OK;
}

/* Every so manieth row or column from the first on. */
int32_t dpid_onnx_take_slice(dpid_onnx_walk *w, dpid_onnx_step *s)
{
    static const char *const names[] = {"starts", "ends", "axes", "steps"};
    int64_t list[4][DPID_RANK_MAX] = {{0}, {0}, {0, 1, 2, 3}, {1, 1, 1, 1, 1, 1, 1, 1}};
    int64_t now[DPID_RANK_MAX];
    int32_t count[4];
    const int32_t rank = s->in.series ? 3 : 4;
    if (s->in.layout != DPID_ONNX_PLANES || s->in.shape.rank < 2 || s->in.padded)
        return dpid_onnx_refuse(&w->graph, s->node,
                                "takes a part of what is no picture of [samples, channels, height, width]");
    (void)dpid_onnx_extents(&s->in, now);
    for (int k = 0; k < 4; k++)
        DPID_TRY(dpid_onnx_ints(w, s, names[k], k + 1, list[k], &count[k]));
    if (count[0] < 0 || count[0] > rank || count[1] != count[0] || (count[2] >= 0 && count[2] != count[0]) ||
        (count[3] >= 0 && count[3] != count[0]))
        return dpid_onnx_refuse(&w->graph, s->node, "starts, ends, axes and steps are not equally many");
    for (int32_t i = 0; i < count[0]; i++) {
        const int64_t axis = list[2][i] < 0 ? list[2][i] + rank : list[2][i];
        const int64_t step = list[3][i];
        if (axis < 0 || axis >= rank || list[0][i] != 0 || step < 1 || step > 1 << 12 || (axis < 2 && step != 1) ||
            (axis > 0 && list[1][i] < now[axis - 1]) || (axis == 0 && list[1][i] < DPID_ONNX_BATCH - 1))
            return dpid_onnx_refuse(
                &w->graph, s->node,
                "takes a part of its input; expected every so manieth row and column from the first");
        for (int k = 0; k < 2 && step > 1; k++)
            s->out.step[k] = s->in.series                           ? step
                             : k + 2 == axis || s->out.step[k] == 0 ? (k + 2 == axis ? step : 1)
                                                                    : s->out.step[k];
    }
    return DEEPID_OK;
}
