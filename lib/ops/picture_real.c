/* Loops over one picture.   What for, and the formulas: picture.h
   Channels go in groups of one vector length, whose inner loops the compiler turns into single vector instructions; what is left of the channels takes the same loops with a shorter group. */
#include "ops/picture.h"

#include "tensor/simd.h"

#include <string.h>

#if DPID_PRECISION == 80
typedef long double wide;
#else
typedef double wide;
#endif

enum { FLUSH = 32 }; /* pixels whose sums stay in `real`; then they go to double */

#define LANES for (int l = 0; l < lanes; l++)

/* one group's parameters, beside each other */
typedef struct {
    real mean[VL], gain[VL], shift[VL];
} norm;

static norm norm_of(const void *mean, const void *gain, const void *shift, int64_t c, int lanes)
{
    norm p = {{0}, {0}, {0}};
    for (int l = 0; mean && l < lanes; l++) {
        p.mean[l] = ((const real *)mean)[c + l];
        p.gain[l] = ((const real *)gain)[c + l];
        p.shift[l] = shift ? ((const real *)shift)[c + l] : 0;
    }
    return p;
}

/* ---- load: v = kink(u + s skip),  u = (x - mean) gain + shift ----------------------------- */

DPID_INLINE real joined(real u, real skip)
{
    return u == 0 ? skip : u + skip;
}

DPID_INLINE real bent(real v, bool sharp, real below)
{
    return v < 0 ? (sharp ? 0 : below * v) : v;
}

typedef struct {
    bool normed, skipped, kinked, sharp; /* sharp: relu */
} recipe;

DPID_INLINE void load_group(const recipe r, const int lanes, const dpid_picture_source *s, int64_t at, int64_t source_row, int64_t c, const dpid_layout *layout, real *restrict to)
{
    const real *restrict x = (const real *)s->x + at;
    const real *restrict skip = r.skipped ? (const real *)s->skip + at : NULL;
    real *restrict keep = s->keep ? (real *)s->keep + at : NULL;
    const norm p = norm_of(s->mean, s->gain, s->shift, c, lanes);
    const real factor = (real)s->s;
    const real below = (real)s->kink.below;
    for (int64_t i = 0; i < layout->height; i++) {
        for (int64_t j = 0; j < layout->width; j++) {
            const int64_t k = i * source_row + j * layout->c + c;
            real *restrict cell = to + i * layout->row + j * layout->pitch + c;
            real v[VL];
            LANES v[l] = r.normed ? (x[k + l] - p.mean[l]) * p.gain[l] + p.shift[l] : x[k + l];
            if (r.skipped)
                LANES v[l] = joined(v[l], factor * skip[k + l]);
            if (r.kinked)
                LANES v[l] = bent(v[l], r.sharp, below);
            LANES cell[l] = v[l];
            if (keep)
                LANES keep[k + l] = v[l];
        }
    }
}

DPID_INLINE void load_channels(const recipe r, const dpid_picture_source *s, int64_t at, int64_t source_row, const dpid_layout *layout, real *to)
{
    int64_t c = 0;
    for (; c + VL <= layout->c; c += VL)
        load_group(r, VL, s, at, source_row, c, layout, to);
    if (c < layout->c)
        load_group(r, (int)(layout->c - c), s, at, source_row, c, layout, to);
}

static void clear_padding(const dpid_layout *layout, real *to)
{
    for (int64_t i = 0; layout->pitch > layout->c && i < layout->height; i++)
        for (int64_t j = 0; j < layout->width; j++)
            memset(to + i * layout->row + j * layout->pitch + layout->c, 0, (size_t)(layout->pitch - layout->c) * sizeof *to);
}

static void copy_rows(const real *x, int64_t source_row, const dpid_layout *layout, real *to)
{
    const int64_t run = layout->pitch == layout->c ? layout->width * layout->c : layout->c;
    for (int64_t i = 0; i < layout->height; i++)
        for (int64_t j = 0; j < layout->width * layout->c; j += run)
            memcpy(to + i * layout->row + j / layout->c * layout->pitch, x + i * source_row + j, (size_t)run * sizeof *to);
}

void DPID_T(dpid_picture_load)(const dpid_picture_source *s, int64_t n, int64_t source_width, int64_t pixels, const dpid_layout *layout, real *to)
{
    const int64_t at = n * pixels * layout->c;
    const int64_t row = source_width * layout->c;
    const bool sharp = s->kink.below == 0;
    clear_padding(layout, to);
    if (!s->mean && !s->skip && !s->kink.kinked && !s->keep)
        copy_rows((const real *)s->x + at, row, layout, to);
    else if (s->mean && !s->skip && s->kink.kinked && sharp)
        load_channels((recipe){true, false, true, true}, s, at, row, layout, to);
    else if (s->mean && s->skip && s->kink.kinked && sharp)
        load_channels((recipe){true, true, true, true}, s, at, row, layout, to);
    else
        load_channels((recipe){s->mean != NULL, s->skip != NULL, s->kink.kinked, sharp}, s, at, row, layout, to);
}

/* ---- load a gradient: dx = gain (g - mean_g - (x - mean) tilt) --------------------------------- */

DPID_INLINE void gradient_group(const bool train, const int lanes, const dpid_gradient_source *s, int64_t at, int64_t source_row, int64_t c, const dpid_layout *layout, real *restrict to)
{
    const real *restrict g = (const real *)s->g + at;
    const real *restrict x = train ? (const real *)s->x + at : NULL;
    const norm p = norm_of(train ? s->mean : s->gain, s->gain, NULL, c, lanes);
    const norm q = norm_of(train ? s->mean_g : NULL, s->tilt, NULL, c, lanes);
    for (int64_t i = 0; i < layout->height; i++) {
        for (int64_t j = 0; j < layout->width; j++) {
            const int64_t k = i * source_row + j * layout->c + c;
            real *restrict cell = to + i * layout->row + j * layout->pitch + c;
            LANES cell[l] = train ? p.gain[l] * (g[k + l] - q.mean[l] - (x[k + l] - p.mean[l]) * q.gain[l]) : p.gain[l] * g[k + l];
        }
    }
}

DPID_INLINE void gradient_channels(const bool train, const dpid_gradient_source *s, int64_t at, int64_t source_row, const dpid_layout *layout, real *to)
{
    int64_t c = 0;
    for (; c + VL <= layout->c; c += VL)
        gradient_group(train, VL, s, at, source_row, c, layout, to);
    if (c < layout->c)
        gradient_group(train, (int)(layout->c - c), s, at, source_row, c, layout, to);
}

void DPID_T(dpid_gradient_load)(const dpid_gradient_source *s, int64_t n, int64_t source_width, int64_t pixels, const dpid_layout *layout, real *to)
{
    const int64_t at = n * pixels * layout->c;
    clear_padding(layout, to);
    if (!s->gain)
        copy_rows((const real *)s->g + at, source_width * layout->c, layout, to);
    else if (s->tilt)
        gradient_channels(true, s, at, source_width * layout->c, layout, to);
    else
        gradient_channels(false, s, at, source_width * layout->c, layout, to);
}

/* ---- store a gradient: dx = (dx + fresh + s addend) slope -------------------------------------------- */

/* slope of the kink at v; NaN where v is NaN */
DPID_INLINE real slope_at(real v, real below)
{
    return v > 0 ? 1 : v <= 0 ? below : v;
}

typedef struct {
    bool add, addend, kinked, kept;
} finish;

DPID_INLINE void store_group(const finish f, const int lanes, const dpid_gradient_sink *s, int64_t at, int64_t pixels, int64_t channels, int64_t c, const real *fresh)
{
    real *dx = (real *)s->dx + at + c;
    const real *addend = f.addend ? (const real *)s->addend + at + c : NULL;
    const real *restrict v = f.kinked ? (const real *)(f.kept ? s->v : s->x) + at + c : NULL;
    const norm p = norm_of(f.kinked && !f.kept ? s->mean : NULL, s->gain, s->shift, c, lanes);
    const real factor = (real)s->s;
    const real below = (real)s->kink.below;
    for (int64_t i = 0; i < pixels; i++) {
        const int64_t k = i * channels;
        real d[VL];
        LANES d[l] = fresh[k + c + l];
        if (f.add)
            LANES d[l] = dx[k + l] + d[l];
        if (f.addend)
            LANES d[l] = factor * addend[k + l] + d[l];
        if (f.kinked)
            LANES d[l] = d[l] * slope_at(f.kept ? v[k + l] : (v[k + l] - p.mean[l]) * p.gain[l] + p.shift[l], below);
        LANES dx[k + l] = d[l];
    }
}

DPID_INLINE void store_channels(const finish f, const dpid_gradient_sink *s, int64_t at, int64_t pixels, int64_t channels, const real *fresh)
{
    int64_t c = 0;
    for (; c + VL <= channels; c += VL)
        store_group(f, VL, s, at, pixels, channels, c, fresh);
    if (c < channels)
        store_group(f, (int)(channels - c), s, at, pixels, channels, c, fresh);
}

void DPID_T(dpid_gradient_store)(const dpid_gradient_sink *s, int64_t n, int64_t pixels, int64_t c, const real *fresh)
{
    const int64_t at = n * pixels * c;
    real *dx = (real *)s->dx + at;
    const finish f = {s->add, s->addend != NULL, s->kink.kinked, s->v != NULL};
    if (!f.add && !f.addend && f.kinked && !f.kept)
        store_channels((finish){false, false, true, false}, s, at, pixels, c, fresh);
    else if (!f.add && f.addend && f.kinked && f.kept)
        store_channels((finish){false, true, true, true}, s, at, pixels, c, fresh);
    else if (f.add || f.addend || f.kinked)
        store_channels(f, s, at, pixels, c, fresh);
    else if (fresh != dx)
        memcpy(dx, fresh, (size_t)(pixels * c) * sizeof *dx);
    if (s->sums)
        DPID_T(dpid_piece_sums)(dx, (const real *)s->x + at, s->mean, s->scale, pixels, c, (wide *)s->sums + 2 * n * c);
}

/* ---- sums over a piece ------------------------------------------------------------------------------------ */

/* sum += x - from, or (x - from)^2 */
DPID_INLINE void deviations(const int lanes, const bool squares, const real *restrict x, int64_t pixels, int64_t channels, const real *from, wide *sum)
{
    for (int64_t first = 0; first < pixels; first += FLUSH) {
        const int64_t end = first + FLUSH < pixels ? first + FLUSH : pixels;
        real part[2][VL] = {{0}};
        for (int64_t i = first; i < end; i++) {
            real *restrict to = part[i & 1];
            LANES {
                const real d = x[i * channels + l] - from[l];
                to[l] += squares ? d * d : d;
            }
        }
        LANES sum[l] += (wide)part[0][l] + (wide)part[1][l];
    }
}

DPID_INLINE void statistics_group(const int lanes, const real *x, int64_t pixels, int64_t channels, wide *mean, wide *m2)
{
    wide sum[VL] = {0};
    wide squares[VL] = {0};
    real from[VL] = {0};
    LANES from[l] = x[l]; /* from the first pixel: a constant channel has no error */
    deviations(lanes, false, x, pixels, channels, from, sum);
    LANES sum[l] = (wide)from[l] + sum[l] / (wide)pixels;
    LANES from[l] = (real)sum[l];
    deviations(lanes, true, x, pixels, channels, from, squares);
    LANES {
        const wide rest = sum[l] - (wide)from[l];
        const wide m = squares[l] - (wide)pixels * rest * rest;
        mean[l] = sum[l];
        m2[l] = m < 0 ? 0 : m;
    }
}

void DPID_T(dpid_piece_statistics)(const real *x, int64_t pixels, int64_t c, void *sums)
{
    wide *out = sums;
    int64_t j = 0;
    for (; j + VL <= c; j += VL)
        statistics_group(VL, x + j, pixels, c, out + j, out + c + j);
    if (j < c)
        statistics_group((int)(c - j), x + j, pixels, c, out + j, out + c + j);
}

DPID_INLINE void sums_group(const int lanes, const real *restrict g, const real *restrict x, const real *mean, const real *scale, int64_t pixels, int64_t channels, wide *sum_g, wide *sum_gx)
{
    wide sum[VL] = {0};
    wide product[VL] = {0};
    for (int64_t first = 0; first < pixels; first += FLUSH) {
        const int64_t end = first + FLUSH < pixels ? first + FLUSH : pixels;
        real part[2][VL] = {{0}};
        for (int64_t i = first; i < end; i++) {
            LANES part[0][l] += g[i * channels + l];
            LANES part[1][l] += g[i * channels + l] * ((x[i * channels + l] - mean[l]) * scale[l]);
        }
        LANES sum[l] += (wide)part[0][l];
        LANES product[l] += (wide)part[1][l];
    }
    LANES sum_g[l] = sum[l];
    LANES sum_gx[l] = product[l];
}

void DPID_T(dpid_piece_sums)(const real *g, const real *x, const real *mean, const real *scale, int64_t pixels, int64_t c, void *sums)
{
    wide *out = sums;
    int64_t j = 0;
    for (; j + VL <= c; j += VL)
        sums_group(VL, g + j, x + j, mean + j, scale + j, pixels, c, out + j, out + c + j);
    if (j < c)
        sums_group((int)(c - j), g + j, x + j, mean + j, scale + j, pixels, c, out + j, out + c + j);
}
