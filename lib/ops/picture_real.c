/* Loops over one chunk.   Promises and formulas: picture.h
   They go over all pixels with one vector of channels at a time. The channels left over take the same loops with fewer
   lanes. */
#include "ops/picture.h"

#include "ops/lanes.h"
#include "tensor/cut.h"

#include <string.h>

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { FLUSH = 32 }; /* pixels that are summed in `real` before the sum goes to double */

DPID_INLINE vec parameter(const void *array, int64_t c, const int lanes)
{
    return array ? load_lanes((const real *)array + c, lanes) : (vec){0};
}

/* ---- load: v = kink(u + s skip),  u = (x - mean) gain + shift ----------------------------- */

typedef struct {
    bool normed, skipped, kinked, sharp; /* sharp: relu */
    dpid_cut_how how;
} recipe;

static int64_t place_of(const dpid_layout *layout, int64_t c)
{
    return layout->block ? c / DPID_LAYOUT_CHANNELS * layout->block + c % DPID_LAYOUT_CHANNELS : c;
}

DPID_INLINE void load_vector(const recipe r, const int lanes, const dpid_picture_source *s, int64_t at,
                             int64_t source_row, int64_t c, const dpid_layout *layout, real *restrict to)
{
    const real *restrict x = (const real *)s->x + at;
    const real *restrict skip = r.skipped ? (const real *)s->skip + at : NULL;
    real *restrict keep = s->keep ? (real *)s->keep + at : NULL;
    const vec mean = parameter(s->mean, c, lanes);
    const vec gain = parameter(s->gain, c, lanes);
    const vec shift = parameter(s->shift, c, lanes);
    const vec factor = vec_all((real)s->s);
    const vec below = vec_all((real)s->kink.below);
    const dpid_cut cut = r.how ? dpid_cut_of(s->rounding) : (dpid_cut){.how = DPID_CUT_NONE};
    for (int64_t i = 0; i < layout->height; i++) {
        int64_t k = i * source_row + c;
        real *restrict cell = to + i * layout->row;
        for (int64_t j = 0; j < layout->width; j++, k += layout->c, cell += layout->pitch) {
            vec v = load_lanes(x + k, lanes);
            if (r.normed)
                v = dpid_cut_round(r.how, &cut, (v - mean) * gain + shift);
            if (r.skipped)
                v = dpid_cut_round(r.how, &cut, joined(v, factor * load_lanes(skip + k, lanes)));
            if (r.kinked)
                v = bent(v, r.sharp, below);
            if (r.kinked && !r.sharp)
                v = dpid_cut_round(r.how, &cut, v);
            store_lanes(cell, v, lanes);
            if (keep)
                store_lanes(keep + k, v, lanes);
        }
    }
}

DPID_INLINE void load_channels(const recipe r, const dpid_picture_source *s, int64_t at, int64_t source_row,
                               const dpid_layout *layout, real *to)
{
    int64_t c = 0;
    for (; c + VL <= layout->c; c += VL)
        load_vector(r, VL, s, at, source_row, c, layout, to + place_of(layout, c));
    if (c < layout->c)
        DPID_LANES((int)(layout->c - c), load_vector(r, LANES, s, at, source_row, c, layout, to + place_of(layout, c)));
}

/* By whole rows where pixels stand without gaps, else by vectors. */
DPID_INLINE void copy_channels(const dpid_picture_source *s, int64_t at, int64_t source_row, const dpid_layout *layout,
                               real *to)
{
    const real *x = (const real *)s->x + at;
    if (layout->pitch != layout->c) {
        load_channels((recipe){false}, s, at, source_row, layout, to);
        return;
    }
    for (int64_t i = 0; i < layout->height; i++)
        memcpy(to + i * layout->row, x + i * source_row, (size_t)(layout->width * layout->c) * sizeof *to);
}

DPID_INLINE void load_as(const dpid_cut_how how, const dpid_picture_source *s, int64_t at, int64_t source_row,
                         const dpid_layout *layout, real *to)
{
    const bool sharp = (real)s->kink.below == 0;
    if (s->mean && !s->skip && s->kink.kinked && sharp)
        load_channels((recipe){true, false, true, true, how}, s, at, source_row, layout, to);
    else if (s->mean && s->skip && s->kink.kinked && sharp)
        load_channels((recipe){true, true, true, true, how}, s, at, source_row, layout, to);
    else
        load_channels((recipe){s->mean != NULL, s->skip != NULL, s->kink.kinked, sharp, how}, s, at, source_row, layout,
                      to);
}

void DPID_T(dpid_picture_load)(const dpid_picture_source *s, int64_t n, int64_t source_width, int64_t pixels,
                               const dpid_layout *layout, real *to)
{
    const int64_t at = n * pixels * layout->c;
    const int64_t row = source_width * layout->c;
    if (dpid_picture_is_plain(s))
        copy_channels(s, at, row, layout, to);
    else
        DPID_CUT_CALL(s->rounding, load_as, s, at, row, layout, to);
}

/* ---- load a gradient: dx = gain (g - mean_g - (x - mean) tilt) --------------------------------- */

DPID_INLINE void gradient_vector(const dpid_cut_how how, const bool train, const int lanes,
                                 const dpid_gradient_source *s, int64_t at, int64_t source_row, int64_t c,
                                 const dpid_layout *layout, real *restrict to)
{
    const dpid_cut cut = how ? dpid_cut_of(s->rounding) : (dpid_cut){.how = DPID_CUT_NONE};
    const real *restrict g = (const real *)s->g + at;
    const real *restrict x = train ? (const real *)s->x + at : NULL;
    const vec mean = parameter(s->mean, c, lanes);
    const vec gain = parameter(s->gain, c, lanes);
    const vec mean_g = parameter(s->mean_g, c, lanes);
    const vec tilt = parameter(s->tilt, c, lanes);
    for (int64_t i = 0; i < layout->height; i++) {
        int64_t k = i * source_row + c;
        real *restrict cell = to + i * layout->row;
        for (int64_t j = 0; j < layout->width; j++, k += layout->c, cell += layout->pitch) {
            vec d = load_lanes(g + k, lanes);
            if (train)
                d = d - mean_g - (load_lanes(x + k, lanes) - mean) * tilt;
            store_lanes(cell, dpid_cut_round(how, &cut, gain * d), lanes);
        }
    }
}

DPID_INLINE void gradient_channels(const dpid_cut_how how, const bool train, const dpid_gradient_source *s, int64_t at,
                                   int64_t source_row, const dpid_layout *layout, real *to)
{
    int64_t c = 0;
    for (; c + VL <= layout->c; c += VL)
        gradient_vector(how, train, VL, s, at, source_row, c, layout, to + place_of(layout, c));
    if (c < layout->c)
        DPID_LANES((int)(layout->c - c),
                   gradient_vector(how, train, LANES, s, at, source_row, c, layout, to + place_of(layout, c)));
}

void DPID_T(dpid_gradient_load)(const dpid_gradient_source *s, int64_t n, int64_t source_width, int64_t pixels,
                                const dpid_layout *layout, real *to)
{
    const int64_t at = n * pixels * layout->c;
    if (!s->gain)
        copy_channels(&(dpid_picture_source){.x = s->g}, at, source_width * layout->c, layout, to);
    else if (s->tilt)
        DPID_CUT_CALL(s->rounding, gradient_channels, true, s, at, source_width * layout->c, layout, to);
    else
        DPID_CUT_CALL(s->rounding, gradient_channels, false, s, at, source_width * layout->c, layout, to);
}

/* ---- store a gradient: dx = (dx + fresh + s addend) slope; and its sums ---------------------------------- */

/* sum[l] += v[l], in double */
DPID_INLINE void flush(vec v, wide *sum)
{
    real part[VL];
    vec_store(part, v);
    for (int l = 0; l < VL; l++)
        sum[l] += (wide)part[l];
}

typedef struct {
    bool add, addend, kinked, kept, store, summed, sharp; /* sharp: relu */
    bool wide, one;                                       /* one: s is 1 */
    dpid_cut_how how, of_value;
} finish;

/* Arrays from the first pixel of a chunk and the first channel of a vector on; NULL: not needed. */
typedef struct {
    const real *fresh, *addend, *v, *x;
    real *dx;
    vec mean, gain, shift, scale, factor, below;
    dpid_cut cut, value_cut;
} gradient_chunk;

/* (dx +) fresh + s addend */
DPID_INLINE vec complete(const finish f, const int lanes, const gradient_chunk *p, int64_t k)
{
    const dpid_cut_how of_sum = f.wide ? DPID_CUT_NONE : f.how;
    vec d = dpid_cut_round(f.how, &p->cut, load_lanes(p->fresh + k, lanes));
    if (f.add)
        d = dpid_cut_round(of_sum, &p->cut, load_lanes(p->dx + k, lanes) + d);
    if (f.addend && f.one) /* and is rounded already */
        d = dpid_cut_round(of_sum, &p->cut, load_lanes(p->addend + k, lanes) + d);
    else if (f.addend)
        d = dpid_cut_round(of_sum, &p->cut,
                           dpid_cut_round(f.how, &p->cut, p->factor * load_lanes(p->addend + k, lanes)) + d);
    return d;
}

/* What tells the slope of the kink. */
DPID_INLINE vec slope_source(const finish f, const int lanes, const gradient_chunk *p, int64_t k)
{
    if (f.kept)
        return load_lanes(p->v + k, lanes);
    return dpid_cut_round(f.of_value, &p->value_cut, (load_lanes(p->x + k, lanes) - p->mean) * p->gain + p->shift);
}

/* The finished gradient of the pixel at offset k. */
DPID_INLINE vec finished(const finish f, const int lanes, const gradient_chunk *p, int64_t k)
{
    vec d = complete(f, lanes, p, k);
    if (f.kinked) {
        const vec u = slope_source(f, lanes, p, k);
        d = f.sharp ? vec_gate(u, d) : vec_slope(u, d, dpid_cut_round(f.how, &p->cut, p->below * d));
    }
    if (f.store)
        store_lanes(p->dx + k, d, lanes);
    return d;
}

/* part[0] += g, part[1] += g xhat. Neighbouring pixels have partial sums of their own, so that they need not wait. */
DPID_INLINE void finish_pixel(const finish f, const int lanes, const gradient_chunk *p, int64_t k, vec part[2])
{
    const vec d = finished(f, lanes, p, k);
    if (f.summed) {
        part[0] += d;
        part[1] += d * ((load_lanes(p->x + k, lanes) - p->mean) * p->scale);
    }
}

DPID_INLINE void finish_vector(const finish f, const int lanes, const gradient_chunk *p, int64_t pixels,
                               int64_t channels, wide *sum_g, wide *sum_gx)
{
    wide sum[VL] = {0};
    wide product[VL] = {0};
    for (int64_t first = 0; first < pixels; first += FLUSH) {
        const int64_t end = first + FLUSH < pixels ? first + FLUSH : pixels;
        vec part[4] = {(vec){0}, (vec){0}, (vec){0}, (vec){0}};
        int64_t i = first;
        int64_t k = first * channels;
        for (; i + 2 <= end; i += 2, k += 2 * channels) {
            finish_pixel(f, lanes, p, k, part);
            finish_pixel(f, lanes, p, k + channels, part + 2);
        }
        if (i < end)
            finish_pixel(f, lanes, p, k, part);
        if (f.summed) {
            flush(part[0] + part[2], sum);
            flush(part[1] + part[3], product);
        }
    }
    for (int l = 0; f.summed && l < lanes; l++) {
        sum_g[l] = sum[l];
        sum_gx[l] = product[l];
    }
}

static const real *from(const void *array, int64_t at)
{
    return array ? (const real *)array + at : NULL;
}

DPID_INLINE void finish_channels(const finish f, const dpid_gradient_sink *s, int64_t n, int64_t pixels,
                                 int64_t channels, const real *fresh)
{
    const int64_t at = n * pixels * channels;
    wide *sums = s->sums ? (wide *)s->sums + 2 * n * channels : NULL;
    for (int64_t c = 0; c < channels; c += VL) {
        const int lanes = channels - c < VL ? (int)(channels - c) : VL;
        const gradient_chunk p = {.fresh = fresh + c,
                                  .addend = from(s->addend, at + c),
                                  .v = from(s->v, at + c),
                                  .x = from(s->x, at + c),
                                  .dx = s->dx ? (real *)s->dx + at + c : NULL,
                                  .mean = parameter(s->mean, c, lanes),
                                  .gain = parameter(s->gain, c, lanes),
                                  .shift = parameter(s->shift, c, lanes),
                                  .scale = parameter(s->scale, c, lanes),
                                  .factor = vec_all((real)s->s),
                                  .below = vec_all((real)s->kink.below),
                                  .cut = dpid_cut_of(s->rounding),
                                  .value_cut = dpid_cut_of(s->of_value)};
        DPID_LANES(lanes, finish_vector(f, LANES, &p, pixels, channels, sums ? sums + c : NULL,
                                        sums ? sums + channels + c : NULL));
    }
}

DPID_INLINE finish finish_of(const dpid_gradient_sink *s, const dpid_cut_how how, const dpid_cut_how of_value)
{
    return (finish){.add = s->add,
                    .addend = s->addend != NULL,
                    .kinked = s->kink.kinked,
                    .kept = s->v != NULL,
                    .store = true,
                    .summed = s->sums != NULL,
                    .sharp = (real)s->kink.below == 0,
                    .wide = s->wide,
                    .how = how,
                    .of_value = of_value};
}

/* Without rounding, or with one rounding for gradients and values. */
DPID_INLINE void store_as(const dpid_cut_how how, const dpid_gradient_sink *s, int64_t n, int64_t pixels, int64_t c,
                          const real *fresh)
{
    const finish f = finish_of(s, how, how);
    const finish inner = {.kinked = true, .store = true, .summed = true, .sharp = true, .how = how, .of_value = how};
    const finish joining = {.addend = true,
                            .kinked = true,
                            .kept = true,
                            .store = true,
                            .summed = true,
                            .sharp = true,
                            .how = how,
                            .of_value = how};
    finish joining_one = joining;
    joining_one.one = true;
    if (!f.add && !f.addend && f.kinked && !f.kept && f.summed && f.sharp)
        finish_channels(inner, s, n, pixels, c, fresh);
    else if (how && s->s == 1 && !f.add && f.addend && f.kinked && f.kept && f.summed && f.sharp)
        finish_channels(joining_one, s, n, pixels, c, fresh);
    else if (!f.add && f.addend && f.kinked && f.kept && f.summed && f.sharp)
        finish_channels(joining, s, n, pixels, c, fresh);
    else
        finish_channels(f, s, n, pixels, c, fresh);
}

/* Gradients in one format, values in another: seldom, and so any of them is taken the long way. */
static void store_mixed(const dpid_gradient_sink *s, int64_t n, int64_t pixels, int64_t c, const real *fresh)
{
    finish_channels(finish_of(s, dpid_cut_of(s->rounding).how, dpid_cut_of(s->of_value).how), s, n, pixels, c, fresh);
}

void DPID_T(dpid_gradient_store)(const dpid_gradient_sink *s, int64_t n, int64_t pixels, int64_t c, const real *fresh)
{
    real *dx = (real *)s->dx + n * pixels * c;
    const bool plain = !s->add && !s->addend && !s->kink.kinked && !s->sums && !s->rounding;
    if (plain && fresh != dx)
        memcpy(dx, fresh, (size_t)(pixels * c) * sizeof *dx);
    else if (!plain && dpid_cut_of(s->rounding).how != dpid_cut_of(s->of_value).how)
        store_mixed(s, n, pixels, c, fresh);
    else if (!plain)
        DPID_CUT_CALL(s->rounding, store_as, s, n, pixels, c, fresh);
}

void DPID_T(dpid_chunk_sums)(const real *g, const real *x, const real *mean, const real *scale, int64_t pixels,
                             int64_t c, void *sums)
{
    const dpid_gradient_sink s = {.x = x, .mean = mean, .scale = scale, .sums = sums};
    finish_channels((finish){.summed = true}, &s, 0, pixels, c, g);
}

/* ---- sums over a chunk ------------------------------------------------------------------------------------ */

/* sum of x - from, or of (x - from)^2 */
DPID_INLINE void deviations(const int lanes, const bool squares, const real *restrict x, int64_t pixels,
                            int64_t channels, vec from, wide *sum)
{
    for (int64_t first = 0; first < pixels; first += FLUSH) {
        const int64_t end = first + FLUSH < pixels ? first + FLUSH : pixels;
        vec part[4] = {(vec){0}, (vec){0}, (vec){0}, (vec){0}};
        int64_t i = first;
        for (; i + 4 <= end; i += 4) {
            DPID_UNROLL for (int q = 0; q < 4; q++)
            {
                const vec d = load_lanes(x + (i + q) * channels, lanes) - from;
                part[q] += squares ? d * d : d;
            }
        }
        for (; i < end; i++) {
            const vec d = load_lanes(x + i * channels, lanes) - from;
            part[0] += squares ? d * d : d;
        }
        flush((part[0] + part[1]) + (part[2] + part[3]), sum);
    }
}

static void statistics_vector(const int lanes, const real *x, int64_t pixels, int64_t channels, wide *mean, wide *m2)
{
    wide sum[VL] = {0};
    wide squares[VL] = {0};
    real from[VL] = {0};
    for (int l = 0; l < lanes; l++)
        from[l] = x[l]; /* differences from the first pixel: those of a constant channel are exact */
    DPID_LANES(lanes, deviations(LANES, false, x, pixels, channels, vec_load(from), sum));
    for (int l = 0; l < lanes; l++) {
        sum[l] = (wide)from[l] + sum[l] / (wide)pixels;
        from[l] = (real)sum[l];
    }
    DPID_LANES(lanes, deviations(LANES, true, x, pixels, channels, vec_load(from), squares));
    for (int l = 0; l < lanes; l++) {
        const wide rest = sum[l] - (wide)from[l];
        const wide m = squares[l] - (wide)pixels * rest * rest;
        mean[l] = sum[l];
        m2[l] = m < 0 ? 0 : m;
    }
}

void DPID_T(dpid_chunk_statistics)(const real *x, int64_t pixels, int64_t c, void *sums)
{
    wide *out = sums;
    int64_t j = 0;
    for (; j + VL <= c; j += VL)
        statistics_vector(VL, x + j, pixels, c, out + j, out + c + j);
    if (j < c)
        statistics_vector((int)(c - j), x + j, pixels, c, out + j, out + c + j);
}

/* ---- rounding a chunk -------------------------------------------------------------------------------------- */

/* x - x is 0 of what is finite, and NaN of what is not. */
DPID_INLINE vec round_vector(const dpid_cut_how how, const dpid_cut *cut, real *y, const int lanes)
{
    const vec x = load_lanes(y, lanes);
    store_lanes(y, dpid_cut_round(how, cut, x), lanes);
    return x - x;
}

DPID_INLINE void round_as(const dpid_cut_how how, const dpid_cut *cut, int64_t n, real *y, bool *finite)
{
    vec rest = {0};
    real part[VL];
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        rest += round_vector(how, cut, y + i, VL);
    if (i < n)
        rest += round_vector(how, cut, y + i, (int)(n - i));
    vec_store(part, rest);
    for (int l = 0; l < VL; l++)
        *finite = *finite && part[l] == 0;
}

bool DPID_T(dpid_chunk_round)(const dpid_rounding *rounding, int64_t n, real *y)
{
    const dpid_cut cut = dpid_cut_of(rounding);
    bool finite = true;
    DPID_CUT_CALL(rounding, round_as, &cut, n, y, &finite);
    return finite;
}
