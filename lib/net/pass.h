/* What every fusion is made of: where values and gradients lie, and what a layer's kernels get. After the plan is
   made. */
#ifndef DPID_NET_PASS_H
#define DPID_NET_PASS_H

#include "net/net.h"

/* NULL where a value or gradient has no buffer. */
void *dpid_value_at(const deepid_net *net, int32_t v);
void *dpid_gradient_at(const deepid_net *net, int32_t v);
int64_t dpid_value_reals(const deepid_net *net, int32_t v, int64_t n);
/* y += x, n reals. */
void dpid_add_values(const deepid_net *net, void *y, const void *x, int64_t n);
const dpid_kernels *dpid_kernels_of(const deepid_net *net, const dpid_step *step);
/* What a layer's kernels get, over the whole batch; its parameters' gradients; and the same with dy, dx and those.
   dx goes to `joined` when somebody behind has written the gradient already. */
dpid_pass dpid_pass_of(const deepid_net *net, const dpid_step *step, dpid_mode mode, int64_t n);
void dpid_add_parameter_gradients(const deepid_net *net, const dpid_layer *layer, dpid_pass *pass);
dpid_pass dpid_backward_pass_of(const deepid_net *net, int32_t t, dpid_mode mode, int64_t n, bool want_input);

#endif
