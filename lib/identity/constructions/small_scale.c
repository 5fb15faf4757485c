/* Small scale:   x = (phi(eps x) - phi(0)) / (eps phi'(0)) + error,
     |error| <= eps sup|phi''| M^2 / (2 phi'(0)),   or eps^2 sup|phi'''| M^3 / (6 phi'(0)) where phi'' vanishes at 0.
   Without a constant, phi(0) = 0, rounding is not amplified (eps is a power of two); with one it is: a floor. */
#include "identity/witness/chain.h"

#include <math.h>

/* error = law(eps) * coefficient */
static double coefficient(const dpid_activation *a, double size)
{
    return a->order == 2 ? a->bend * size * size / (2 * a->slope) : a->bend * size * size * size / (6 * a->slope);
}

/* The largest power of two whose error stays within the tolerance, shared by all such layers. */
static double eps_within(const dpid_place *place, double size)
{
    const double allowed = place->options->tolerance * fmax(1, size) / place->curved;
    const double ratio = allowed / coefficient(place->activation, size);
    return dpid_power_below(fmin(1, place->activation->order == 2 ? ratio : sqrt(ratio)));
}

/* Rounding of phi near phi(0) costs 2 u |phi(0)| / (eps slope)/2, the curve k eps^p: least at the eps where p k
   eps^(p+1) = cost. */
static double eps_of_floor(const dpid_place *place, double size, double *floor)
{
    const dpid_activation *a = place->activation;
    const double u = dpid_unit(place->options->dtype);
    const double k = coefficient(a, size);
    const double cost = u * fabs(a->value) / a->slope;
    const double eps = pow(cost / ((a->order - 1) * k), 1.0 / a->order);
    *floor = k * pow(eps, a->order - 1) + cost / eps;
    const double below = dpid_power_below(eps);
    return eps / below > sqrt(2) ? 2 * below : below;
}

static bool fits(const dpid_place *place, dpid_move *move)
{
    const dpid_code *code = place->code;
    const dpid_activation *a = place->activation;
    const bool floored = a->value != 0;
    const bool able = place->here.scale && place->later.scale && (!floored || place->later.shift);
    if (code->form != DPID_CODE_PLAIN || !able || a->slope == 0 || isinf(code->low) || isinf(code->high) ||
        (code->c != 0 && !place->here.shift))
        return false;
    const bool tail = a->tail_f32 > 0 && place->here.shift && place->later.shift && !place->options->construction;
    if (tail && (floored || !place->borders))
        return false; /* the tail is far less sharp and has no floor; its constant hurts only at zero-padded borders */
    const double size = fmax(dpid_magnitude(code), 0x1p-100);
    double floor = 0;
    double eps = floored ? eps_of_floor(place, size, &floor) : eps_within(place, size);
    if (place->options->eps > 0)
        eps = place->options->eps;
    *move = (dpid_move){.scale = eps,
                        .form = DPID_CODE_PLAIN,
                        .after_form = DPID_CODE_PLAIN,
                        .after_a = eps * a->slope,
                        .after_c = a->value,
                        .eps = eps,
                        .floor = floor,
                        .approximate = true};
    move->real_error = coefficient(a, size) * (a->order == 2 ? eps : eps * eps);
    move->rounding = 6 * size + 4 * fabs(a->value) / (eps * a->slope);
    move->zero_preserving = !floored;
    return true;
}

const dpid_construction dpid_construction_small_scale = {
    "small_scale", "W = eps I, then 1 / (eps phi'(0)): the line through 0; error eps or eps^2", "T4", fits};
