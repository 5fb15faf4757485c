/* Independent random weights, told apart by their variance; biases 0 unless said otherwise. */
#include "net/init.h"

#include <math.h>

enum { FAN_IN, FAN_OUT, FAN_AVERAGE };
enum { NORMAL, UNIFORM };

/* variance = scale / fan */
static void draw_weights(dpid_init_run *run, double scale, int64_t mode, int64_t distribution)
{
    const deepid_net *net = run->net;
    dpid_net_start_values(run->net);
    for (int32_t i = 0; i < net->trained; i++) {
        const dpid_parameter_spec *spec = &net->parameter[i].spec;
        if (!dpid_init_is_weight(net, i))
            continue;
        const double in = (double)spec->fan_in;
        const double out = (double)spec->fan_out;
        const double variance = scale / (mode == FAN_IN ? in : mode == FAN_OUT ? out : (in + out) / 2);
        if (distribution == NORMAL)
            dpid_init_draw_normal(run, i, sqrt(variance));
        else
            dpid_init_draw_uniform(run, i, sqrt(3 * variance));
    }
}

/* ---- he: variance 2 / ((1 + slope^2) fan) -------------------------------------------- */

static const dpid_option he_options[] = {
    {"mode", DPID_CHOICE, 0, 0, 0, "fan_in|fan_out", false, "which fan"},
    {"dist", DPID_CHOICE, 0, 0, 0, "normal|uniform", false, "distribution"},
    {"slope", DPID_REAL, 0, -1e3, 1e3, NULL, false, "negative slope of the rectifier"},
    {"head", DPID_CHOICE, 0, 0, 0, "he|pytorch|zero", false,
     "the last weight layer: as the others; U(+-1/sqrt(fan_in)), as the usual residual codes leave it; 0"},
    DPID_INIT_BIAS_OPTION,
    {0},
};

/* Under a residual net's growing signal a head of variance 2/fan_out gives large first logits; the published codes
   start only convolutions by fan_out. */
static void set_head(dpid_init_run *run, int64_t how)
{
    enum { AS_OTHERS, PYTORCH };
    int32_t head = run->net->trained - 1;
    while (head >= 0 && !dpid_init_is_weight(run->net, head))
        head--;
    if (head < 0 || how == AS_OTHERS)
        return;
    if (how == PYTORCH)
        dpid_init_draw_uniform(run, head, 1 / sqrt((double)run->net->parameter[head].spec.fan_in));
    else
        dpid_init_fill(run, head, 0);
}

static int32_t apply_he(dpid_init_run *run)
{
    const double slope = run->option[2].r;
    draw_weights(run, 2 / (1 + slope * slope), run->option[0].i, run->option[1].i);
    set_head(run, run->option[3].i);
    dpid_init_biases(run, run->option[4].r);
    return DEEPID_OK;
}

const dpid_init dpid_init_he = {"he",
                                "variance 2 / fan (He et al. 2015b, eq. 10); options: mode=fan_in|fan_out, "
                                "dist=normal|uniform, slope=0, head=he|pytorch|zero, bias=0",
                                he_options, apply_he, false};

/* ---- glorot: variance 2 / (fan_in + fan_out), or 1 / one of them ------------------------ */

static const dpid_option glorot_options[] = {
    {"dist", DPID_CHOICE, 1, 0, 0, "normal|uniform", false, "distribution"},
    {"mode", DPID_CHOICE, 2, 0, 0, "fan_in|fan_out|average", false, "which fan"},
    DPID_INIT_BIAS_OPTION,
    {0},
};

static int32_t apply_glorot(dpid_init_run *run)
{
    draw_weights(run, 1, run->option[1].i, run->option[0].i);
    dpid_init_biases(run, run->option[2].r);
    return DEEPID_OK;
}

const dpid_init dpid_init_glorot = {"glorot",
                                    "variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010, eq. 16); options: "
                                    "dist=uniform|normal, mode=average|fan_in|fan_out, bias=0",
                                    glorot_options, apply_glorot, false};

/* ---- lecun: variance 1 / fan_in ------------------------------------------------------------ */

static const dpid_option lecun_options[] = {
    {"dist", DPID_CHOICE, 0, 0, 0, "normal|uniform", false, "distribution"},
    DPID_INIT_BIAS_OPTION,
    {0},
};

static int32_t apply_lecun(dpid_init_run *run)
{
    draw_weights(run, 1, FAN_IN, run->option[0].i);
    dpid_init_biases(run, run->option[1].r);
    return DEEPID_OK;
}

const dpid_init dpid_init_lecun = {
    "lecun", "variance 1 / fan_in (LeCun et al. 1998, eq. 16); options: dist=normal|uniform, bias=0", lecun_options,
    apply_lecun, false};

/* ---- normal, uniform: one size for all layers, whatever their fans -------------------------------- */

static void draw_all(dpid_init_run *run, void (*draw)(const dpid_init_run *, int32_t, double), double size, double bias)
{
    dpid_net_start_values(run->net);
    for (int32_t i = 0; i < run->net->trained; i++)
        if (dpid_init_is_weight(run->net, i))
            draw(run, i, size);
    dpid_init_biases(run, bias);
}

static const dpid_option normal_options[] = {
    {"std", DPID_REAL, 0.01, 0, 1e6, NULL, false, "standard deviation of every weight"},
    DPID_INIT_BIAS_OPTION,
    {0},
};

static int32_t apply_normal(dpid_init_run *run)
{
    draw_all(run, dpid_init_draw_normal, run->option[0].r, run->option[1].r);
    return DEEPID_OK;
}

const dpid_init dpid_init_normal = {"normal",
                                    "N(0, std^2) for every weight; options: std=0.01 (Krizhevsky et al. 2012), bias=0",
                                    normal_options, apply_normal, false};

static const dpid_option uniform_options[] = {
    {"a", DPID_REAL, 0.05, 0, 1e6, NULL, false, "bound of every weight"},
    DPID_INIT_BIAS_OPTION,
    {0},
};

static int32_t apply_uniform(dpid_init_run *run)
{
    draw_all(run, dpid_init_draw_uniform, run->option[0].r, run->option[1].r);
    return DEEPID_OK;
}

const dpid_init dpid_init_uniform = {"uniform", "U(-a, a) for every weight; options: a=0.05, bias=0", uniform_options,
                                     apply_uniform, false};

/* ---- pytorch_default: U(+-1/sqrt(fan_in)), weights and biases: variance 1 / (3 fan_in) -------- */

static int32_t apply_pytorch(dpid_init_run *run)
{
    const deepid_net *net = run->net;
    draw_weights(run, 1.0 / 3, FAN_IN, UNIFORM);
    for (int32_t i = 0; i < net->trained; i++)
        if (net->parameter[i].spec.role == DPID_ROLE_BIAS)
            dpid_init_draw_uniform(run, i, 1 / sqrt((double)net->parameter[i].spec.fan_in));
    return DEEPID_OK;
}

const dpid_init dpid_init_pytorch_default = {
    "pytorch_default", "U(-1/sqrt(fan_in), 1/sqrt(fan_in)) for weights and biases: PyTorch's Linear and Conv2d", NULL,
    apply_pytorch, false};
