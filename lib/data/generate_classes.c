/* Tasks with classes: spirals, rings, parity, gratings. */
#include "data/generator.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

#define N_OPTION(n)                                                                                                    \
    {                                                                                                                  \
        "n", DPID_INT, n, 1, 1 << 24, NULL, false, "samples"                                                           \
    }

static void put(deepid_dataset *data, int64_t i, double value)
{
    ((float *)data->owned_x)[i] = (float)value;
}

/* ---- spirals: t = 2 pi turns sqrt(u), r = scale t / (2 pi turns), arm k turned by 2 pi k / classes ----- */

static const dpid_option spiral_options[] = {
    N_OPTION(256),
    {"noise", DPID_REAL, 0.06, 0, 10, NULL, false, "standard deviation added to each coordinate"},
    {"turns", DPID_REAL, 1.5, 0.01, 100, NULL, false, "turns of an arm"},
    {"scale", DPID_REAL, 2, 1e-6, 1e6, NULL, false, "largest radius"},
    {"classes", DPID_INT, 2, 2, 64, NULL, false, "arms"},
    {0},
};

static int32_t make_spirals(dpid_generator_run *run)
{
    const dpid_shape sample = {1, {2}};
    const double noise = run->option[1].r;
    const int64_t classes = run->option[4].i;
    DPID_TRY(dpid_dataset_owned(run->ctx, DEEPID_F32, run->count, &sample, classes, 0, &run->out));
    for (int64_t i = 0; i < run->count; i++) {
        const double u = sqrt(dpid_random_uniform(&run->random));
        const double r = run->option[3].r * u;
        const double angle = 2 * pi * run->option[2].r * u + 2 * pi * (double)(i % classes) / (double)classes;
        put(run->out, 2 * i, r * cos(angle) + noise * dpid_random_normal(&run->random));
        put(run->out, 2 * i + 1, r * sin(angle) + noise * dpid_random_normal(&run->random));
        run->out->labels[i] = (int32_t)(i % classes);
    }
    return DEEPID_OK;
}

const dpid_generator dpid_generator_spirals = {
    "spirals", "interleaved spiral arms in the plane; options: n=256, noise=0.06, turns=1.5, scale=2, classes=2",
    spiral_options, make_spirals};

/* ---- rings: class k on a circle of radius k + 1 -------------------------------------------------------- */

static const dpid_option ring_options[] = {
    N_OPTION(256),
    {"noise", DPID_REAL, 0.1, 0, 10, NULL, false, "standard deviation of the radius"},
    {"classes", DPID_INT, 2, 2, 64, NULL, false, "rings"},
    {0},
};

static int32_t make_rings(dpid_generator_run *run)
{
    const dpid_shape sample = {1, {2}};
    const int64_t classes = run->option[2].i;
    DPID_TRY(dpid_dataset_owned(run->ctx, DEEPID_F32, run->count, &sample, classes, 0, &run->out));
    for (int64_t i = 0; i < run->count; i++) {
        const double angle = 2 * pi * dpid_random_uniform(&run->random);
        const double r = (double)(1 + i % classes) + run->option[1].r * dpid_random_normal(&run->random);
        put(run->out, 2 * i, r * cos(angle));
        put(run->out, 2 * i + 1, r * sin(angle));
        run->out->labels[i] = (int32_t)(i % classes);
    }
    return DEEPID_OK;
}

const dpid_generator dpid_generator_rings = {
    "rings", "concentric rings in the plane; options: n=256, noise=0.1, classes=2", ring_options, make_rings};

/* ---- parity: vectors of +-1, the label is whether the number of -1 is odd -------------------------------- */

static const dpid_option parity_options[] = {
    {"n", DPID_INT, 0, 0, 1 << 24, NULL, false, "samples; 0: every vector once"},
    {"bits", DPID_INT, 8, 1, 20, NULL, false, "length of a vector"},
    {0},
};

static int32_t make_parity(dpid_generator_run *run)
{
    const int64_t width = run->option[1].i;
    const int64_t all = (int64_t)1 << width;
    const int64_t count = run->count ? run->count : all;
    const dpid_shape sample = {1, {width}};
    DPID_TRY(dpid_dataset_owned(run->ctx, DEEPID_F32, count, &sample, 2, 0, &run->out));
    for (int64_t i = 0; i < count; i++) {
        const int64_t pattern = run->count ? dpid_random_below(&run->random, all) : i;
        for (int64_t k = 0; k < width; k++)
            put(run->out, i * width + k, pattern >> k & 1 ? -1 : 1);
        run->out->labels[i] = (int32_t)(__builtin_popcountll((unsigned long long)pattern) & 1);
    }
    return DEEPID_OK;
}

const dpid_generator dpid_generator_parity = {
    "parity", "vectors of +-1, class = parity; options: n=0 (every vector once), bits=8", parity_options, make_parity};

/* ---- gratings: pictures of a sine wave, class = its direction ------------------------------------------------ */

static const dpid_option grating_options[] = {
    N_OPTION(256),
    {"size", DPID_INT, 8, 4, 256, NULL, false, "height and width"},
    {"channels", DPID_INT, 1, 1, 64, NULL, false, "channels, all the same wave"},
    {"classes", DPID_INT, 4, 2, 64, NULL, false, "directions"},
    {"noise", DPID_REAL, 0.7, 0, 100, NULL, false, "standard deviation added to each value"},
    {"period", DPID_REAL, 4, 2, 256, NULL, false, "pixels of one wave"},
    {0},
};

static int32_t make_gratings(dpid_generator_run *run)
{
    const int64_t size = run->option[1].i;
    const int64_t channels = run->option[2].i;
    const int64_t classes = run->option[3].i;
    const dpid_shape sample = {3, {size, size, channels}};
    DPID_TRY(dpid_dataset_owned(run->ctx, DEEPID_F32, run->count, &sample, classes, 0, &run->out));
    for (int64_t i = 0; i < run->count; i++) {
        const double direction = pi * (double)(i % classes) / (double)classes;
        const double phase = 2 * pi * dpid_random_uniform(&run->random);
        for (int64_t p = 0; p < size * size; p++) {
            const double along = (double)(p / size) * sin(direction) + (double)(p % size) * cos(direction);
            const double wave = sin(2 * pi * along / run->option[5].r + phase);
            for (int64_t c = 0; c < channels; c++)
                put(run->out, (i * size * size + p) * channels + c,
                    wave + run->option[4].r * dpid_random_normal(&run->random));
        }
        run->out->labels[i] = (int32_t)(i % classes);
    }
    return DEEPID_OK;
}

const dpid_generator dpid_generator_gratings = {
    "gratings",
    "pictures of oriented waves in noise; options: n=256, size=8, channels=1, classes=4, noise=0.7, period=4",
    grating_options, make_gratings};
