/* Where a net with storage rounds: at the ends of steps, so that every layer kind has it. Of a net without storage all
   of these do nothing. Random numbers of stochastic rounding belong to (seed, name, what, step, place), as those of
   dropout: recomputing draws them again. */
#ifndef DPID_NET_ROUNDING_H
#define DPID_NET_ROUNDING_H

#include "net/net.h"

/* Which values storage leaves in f32: the net's input, what layers of DPID_KIND_WIDE give, and what anything but a
   product makes of such a value. Into net->wide. */
int32_t dpid_rounding_find_wide(deepid_net *net);
/* A layer that autocast runs in the format: it reads its input and its parameters rounded. */
bool dpid_is_product(const deepid_net *net, const dpid_layer *layer);
/* Reals of the largest wide value that a product reads, for a batch; and of the largest layer's parameters. */
int64_t dpid_rounding_copied(const deepid_net *net, int64_t batch);
int64_t dpid_rounding_own(const deepid_net *net);

/* ---- forward ------------------------------------------------------------------------------ */

/* The weights as products read them, into net->rounded. */
void dpid_round_weights(const deepid_net *net);
/* What the layer of a step reads: the value, or a product's rounded copy of a wide one. */
const void *dpid_round_read(const deepid_net *net, const dpid_step *step, int64_t n);
/* Does a step move numbers and change none, there and back? Then what it gives is in the format already. */
bool dpid_keeps_format(const deepid_net *net, const dpid_step *step);
/* A value that has just been made. */
void dpid_round_value(const deepid_net *net, int32_t v, int64_t n);

/* ---- backward ----------------------------------------------------------------------------- */

/* All of a value's gradient, n samples of it. */
void dpid_round_gradient(const deepid_net *net, int32_t v, int64_t n);
/* What the layer of a step gives of its input's gradient. */
void dpid_round_part(const deepid_net *net, const dpid_step *step, int64_t n, void *dx);
/* Are a layer's gradients of its parameters rounded before they are added? Then its pass gets memory of its own for
   them, zeros, and they are added afterwards. */
bool dpid_rounds_weight_gradients(const deepid_net *net, const dpid_layer *layer);
void dpid_lend_gradients(const deepid_net *net, const dpid_layer *layer, dpid_pass *pass);
void dpid_add_gradients(const deepid_net *net, const dpid_layer *layer, const dpid_pass *pass);

/* ---- inside of fusions ------------------------------------------------------------------------------ */

/* A fusion that rounds where the steps that it runs end asks what to: of a value, of the gradient of a value, of what
   a product gives of its input's gradient. NULL: it stays as it is. To nearest alone: see dpid_rounds_inside. */
const dpid_rounding *dpid_rounding_of_value(const deepid_net *net, int32_t v);
const dpid_rounding *dpid_rounding_of_gradient(const deepid_net *net, int32_t v);
const dpid_rounding *dpid_rounding_of_part(const deepid_net *net);
/* May fusions round? Stochastic rounding takes its random numbers by the place in a whole value, so it does not. */
bool dpid_rounds_inside(const deepid_net *net);

/* ---- products by the CPU's own instructions (products=native) ------------------------------------------- */

/* Are all that the product of a step multiplies numbers of bf16, its input, weights and, when there is a way back, the
   gradient of its output, and may and can the CPU multiply such? */
bool dpid_has_native_product(const deepid_net *net, const dpid_step *step);
/* Where it packs its operands; NULL: there is none. */
void *dpid_native_memory(const deepid_net *net, const dpid_step *step);
/* Bytes that the largest of them needs there (a convolution packs in its scratch). False: more than can be counted. */
bool dpid_native_bytes(const deepid_net *net, int64_t batch, int64_t *bytes);

/* ---- between steps ------------------------------------------------------------------------ */

/* Weights that are kept in the format alone (weights=format): what an update, a start or a caller has written. */
void dpid_round_kept(const deepid_net *net);

#endif
