/* A decoded picture becomes a sample: its channels, and its size by the triangle filter.

   gray      y = 0.299 r + 0.587 g + 0.114 b              (ITU-R BT.601), in 16 bits of binary fraction
   size      y[i] = sum_j w(i, j) x[j] / sum_j w(i, j)     along each axis
             w(i, j) = max(0, 1 - |j + 1/2 - c| / s)       c = from + (i + 1/2) length / out, s = max(1, length / out)

   Bilinear where it grows; where it shrinks the triangle is as much wider, so that every pixel counts. It is what
   PIL.Image.resize has by the name BILINEAR, and torchvision. */
#include "data/picture.h"

#include <math.h>

/* ---- the values of a row of pixels ------------------------------------------------------------------ */

enum { RED = 19595, GREEN = 38470, BLUE = 7471, HALF = 1 << 15, SHIFT = 16 }; /* they add up to 65536 */

static bool row_of_8(const uint8_t *rgba, int64_t width, int64_t channels, double *to)
{
    enum { OPAQUE = 255 };
    bool see_through = false;
    for (int64_t x = 0; x < width; x++, rgba += 4, to += channels) {
        if (channels == 1)
            to[0] = (RED * rgba[0] + GREEN * rgba[1] + BLUE * rgba[2] + HALF) >> SHIFT;
        for (int64_t c = 0; c < channels && channels > 1; c++)
            to[c] = rgba[c];
        see_through |= rgba[3] < OPAQUE;
    }
    return see_through;
}

/* On the same scale of 0 to 255: 65535 is 255. */
static bool row_of_16(const uint16_t *rgba, int64_t width, int64_t channels, double *to)
{
    enum { OPAQUE = 65535 };
    const double scale = 257;
    bool see_through = false;
    for (int64_t x = 0; x < width; x++, rgba += 4, to += channels) {
        if (channels == 1)
            to[0] = ((double)RED * rgba[0] + (double)GREEN * rgba[1] + (double)BLUE * rgba[2]) / 65536 / scale;
        for (int64_t c = 0; c < channels && channels > 1; c++)
            to[c] = rgba[c] / scale;
        see_through |= rgba[3] < OPAQUE;
    }
    return see_through;
}

static bool row_of(const dpid_picture *p, const void *rgba, int64_t y, int64_t channels, double *to)
{
    const int64_t at = y * p->width * 4;
    return p->deep ? row_of_16((const uint16_t *)rgba + at, p->width, channels, to)
                   : row_of_8((const uint8_t *)rgba + at, p->width, channels, to);
}

static void store(const double *values, int64_t count, int32_t dtype, void *to, int64_t at)
{
    const double half = 0.5;
    for (int64_t i = 0; i < count && dtype == DEEPID_U8; i++)
        ((uint8_t *)to)[at + i] = (uint8_t)(values[i] + half);
    for (int64_t i = 0; i < count && dtype != DEEPID_U8; i++)
        ((float *)to)[at + i] = (float)values[i];
}

/* ---- the filter along an axis --------------------------------------------------------------------------- */

typedef struct {
    int64_t *first, *count; /* [out]: which pixels a result sees */
    double *weight;         /* [out, room] */
    int64_t room;
} axis;

static int32_t make_axis(dpid_arena *arena, int64_t in, double from, double length, int64_t out, axis *a)
{
    const double half = 0.5;
    const double scale = length / (double)out;
    const double reach = scale > 1 ? scale : 1;
    a->room = 2 * (int64_t)ceil(reach) + 1;
    DPID_TRY(dpid_arena_alloc(arena, out, sizeof *a->first, "filter", &a->first));
    DPID_TRY(dpid_arena_alloc(arena, out, sizeof *a->count, "filter", &a->count));
    DPID_TRY(dpid_arena_alloc(arena, out * a->room, sizeof *a->weight, "filter", &a->weight));
    for (int64_t i = 0; i < out; i++) {
        const double centre = from + ((double)i + half) * scale;
        double *w = a->weight + i * a->room;
        double sum = 0;
        const int64_t low = (int64_t)fmax(0, floor(centre - reach + half));
        const int64_t high = (int64_t)fmin((double)in, floor(centre + reach + half));
        for (int64_t j = low; j < high; j++)
            sum += w[j - low] = fmax(0, 1 - fabs((double)j + half - centre) / reach);
        for (int64_t j = low; j < high; j++)
            w[j - low] /= sum;
        a->first[i] = low;
        a->count[i] = high - low;
    }
    return DEEPID_OK;
}

/* to[i] = sum_j w(i, j) from[j], for `step` values that lie beside each other. */
static void filter(const axis *a, int64_t i, const double *from, int64_t step, int64_t values, double *to)
{
    for (int64_t k = 0; k < values; k++)
        to[k] = 0;
    for (int64_t j = 0; j < a->count[i]; j++)
        for (int64_t k = 0; k < values; k++)
            to[k] += a->weight[i * a->room + j] * from[(a->first[i] + j) * step + k];
}

/* ---- a sample ------------------------------------------------------------------------------------------- */

/* What of the picture is taken: all, or the largest part in the middle that has the sample's proportions. */
typedef struct {
    double top, left, height, width;
} box;

static box box_of(const dpid_picture *p, const dpid_picture_fit *fit)
{
    const double half = 0.5;
    const double h = (double)p->height;
    const double w = (double)p->width;
    const double ratio = (double)fit->sample.extent[1] / (double)fit->sample.extent[0];
    box b = {0, 0, h, w};
    if (fit->crop && w > ratio * h)
        b.width = ratio * h;
    else if (fit->crop)
        b.height = w / ratio;
    b.top = (h - b.height) * half;
    b.left = (w - b.width) * half;
    return b;
}

/* Rows first, each down to the sample's width; then columns. */
static int32_t resize(dpid_arena *arena, const dpid_picture *p, const void *rgba, const dpid_picture_fit *fit, void *to,
                      bool *see_through)
{
    const int64_t h = fit->sample.extent[0];
    const int64_t w = fit->sample.extent[1];
    const int64_t channels = fit->sample.extent[2];
    const box b = box_of(p, fit);
    axis down;
    axis across;
    double *row = NULL;
    double *narrow = NULL; /* [height, w, channels] */
    DPID_TRY(make_axis(arena, p->height, b.top, b.height, h, &down));
    DPID_TRY(make_axis(arena, p->width, b.left, b.width, w, &across));
    DPID_TRY(dpid_arena_alloc(arena, (p->width > w ? p->width : w) * channels, sizeof *row, "picture", &row));
    DPID_TRY(dpid_arena_alloc(arena, p->height * w, (int64_t)sizeof *narrow * channels, "picture", &narrow));
    for (int64_t y = 0; y < p->height; y++) {
        *see_through |= row_of(p, rgba, y, channels, row);
        for (int64_t x = 0; x < w; x++)
            filter(&across, x, row, channels, channels, narrow + (y * w + x) * channels);
    }
    for (int64_t y = 0; y < h; y++) {
        filter(&down, y, narrow, w * channels, w * channels, row);
        store(row, w * channels, fit->dtype, to, y * w * channels);
    }
    return DEEPID_OK;
}

static int32_t copy(dpid_arena *arena, const dpid_picture *p, const void *rgba, const dpid_picture_fit *fit, void *to,
                    bool *see_through)
{
    const int64_t values = p->width * fit->sample.extent[2];
    double *row = NULL;
    DPID_TRY(dpid_arena_alloc(arena, values, sizeof *row, "picture", &row));
    for (int64_t y = 0; y < p->height; y++) {
        *see_through |= row_of(p, rgba, y, fit->sample.extent[2], row);
        store(row, values, fit->dtype, to, y * values);
    }
    return DEEPID_OK;
}

int32_t dpid_picture_write(deepid_ctx *ctx, const dpid_picture *picture, const void *rgba, const dpid_picture_fit *fit,
                           void *to, bool *see_through)
{
    dpid_arena arena = {.ctx = ctx};
    *see_through = false;
    const bool same = picture->height == fit->sample.extent[0] && picture->width == fit->sample.extent[1];
    const int32_t status = (same ? copy : resize)(&arena, picture, rgba, fit, to, see_through);
    dpid_arena_release(&arena);
    return status;
}
