/* The updates, over real. */
#include "train/update.h"

#include "tensor/real.h"

/* SGD:  g' = g + decay w;  v = momentum v + g';  w -= rate v
   (Sutskever et al. 2013; the rate stands outside v: PyTorch's convention)
   Nesterov:  w -= rate (g' + momentum v) */
void DPID_T(dpid_update_sgd)(const dpid_update *u)
{
    const real momentum = (real)u->option[DPID_SGD_MOMENTUM].r;
    const bool nesterov = u->option[DPID_SGD_NESTEROV].i == 1;
    const real rate = (real)u->rate;
    const real decay = (real)u->weight_decay;
    const real scale = (real)u->scale;
    real *restrict w = u->w;
    real *restrict v = u->m;
    const real *restrict g = u->g;
    for (int64_t i = 0; i < u->n; i++) {
        const real gradient = scale * g[i] + decay * w[i];
        v[i] = momentum * v[i] + gradient;
        w[i] -= rate * (nesterov ? gradient + momentum * v[i] : v[i]);
    }
}

/* Adam (Kingma and Ba 2015, algorithm 1):  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  w -= rate mhat /
   (sqrt(vhat) + eps) adam adds decay w to g; adamw (Loshchilov and Hutter 2019) shrinks w by rate decay instead. */
static void adam(const dpid_update *u, bool decoupled)
{
    const double b1 = u->option[DPID_ADAM_BETA1].r;
    const double b2 = u->option[DPID_ADAM_BETA2].r;
    const real c1 = (real)(1 / (1 - pow(b1, (double)u->step)));
    const real c2 = (real)(1 / (1 - pow(b2, (double)u->step)));
    const real beta1 = (real)b1;
    const real beta2 = (real)b2;
    const real rest1 = (real)(1 - b1);
    const real rest2 = (real)(1 - b2);
    const real eps = (real)u->option[DPID_ADAM_EPS].r;
    const real rate = (real)u->rate;
    const real shrink = (real)(decoupled ? 1 - u->rate * u->weight_decay : 1);
    const real decay = (real)(decoupled ? 0 : u->weight_decay);
    const real scale = (real)u->scale;
    real *restrict w = u->w;
    real *restrict m = u->m;
    real *restrict v = u->v;
    const real *restrict g = u->g;
    for (int64_t i = 0; i < u->n; i++) {
        const real gradient = scale * g[i] + decay * w[i];
        m[i] = beta1 * m[i] + rest1 * gradient;
        v[i] = beta2 * v[i] + rest2 * gradient * gradient;
        w[i] = shrink * w[i] - rate * (c1 * m[i]) / (sqrt(c2 * v[i]) + eps);
    }
}

void DPID_T(dpid_update_adam)(const dpid_update *u)
{
    adam(u, false);
}

void DPID_T(dpid_update_adamw)(const dpid_update *u)
{
    adam(u, true);
}

/* RMSprop (Tieleman and Hinton 2012, lecture 6e; as PyTorch, not centred):
     g' = g + decay w;  v = alpha v + (1-alpha) g'^2;  m = momentum m + g' / (sqrt(v) + eps);  w -= rate m */
void DPID_T(dpid_update_rmsprop)(const dpid_update *u)
{
    const real alpha = (real)u->option[DPID_RMSPROP_ALPHA].r;
    const real rest = (real)(1 - u->option[DPID_RMSPROP_ALPHA].r);
    const real eps = (real)u->option[DPID_RMSPROP_EPS].r;
    const real momentum = (real)u->option[DPID_RMSPROP_MOMENTUM].r;
    const real rate = (real)u->rate;
    const real decay = (real)u->weight_decay;
    const real scale = (real)u->scale;
    real *restrict w = u->w;
    real *restrict m = u->m;
    real *restrict v = u->v;
    const real *restrict g = u->g;
    for (int64_t i = 0; i < u->n; i++) {
        const real gradient = scale * g[i] + decay * w[i];
        v[i] = alpha * v[i] + rest * gradient * gradient;
        m[i] = momentum * m[i] + gradient / (sqrt(v[i]) + eps);
        w[i] -= rate * m[i];
    }
}
