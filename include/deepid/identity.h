/** @file identity.h  Can added layers be the identity map, with which weights, how exactly, at what price? */
#ifndef DEEPID_IDENTITY_H
#define DEEPID_IDENTITY_H

#include <deepid/data.h>
#include <deepid/net.h>
#include <deepid/table.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Statuses of an answer; numbers never change. */
enum {
    DEEPID_IDENTITY_E_BIT = 1, /**< what comes out has the bits of what goes in (a zero may lose its sign) */
    DEEPID_IDENTITY_E = 2,     /**< exact in real arithmetic; rounding is bounded */
    DEEPID_IDENTITY_A = 3,     /**< as near as wanted, by a scale eps or a shift */
    DEEPID_IDENTITY_F = 4,     /**< near, down to a floor that rounding sets */
    DEEPID_IDENTITY_N = 5      /**< not with any weights; the reason says why */
};

/** Why not. */
enum {
    DEEPID_REASON_NONE = 0,       /**< there is a witness */
    DEEPID_REASON_SHAPE = 1,      /**< what comes out has another shape */
    DEEPID_REASON_RANK = 2,       /**< too narrow inside (T0) */
    DEEPID_REASON_KINK = 3,       /**< piecewise linear, with a kink inside the domain that nothing cancels (T1, T3) */
    DEEPID_REASON_CURVED = 4,     /**< an activation that is a line on no stretch that the domain fits into (T6) */
    DEEPID_REASON_BOUNDED = 5,    /**< a bounded activation, an unbounded domain (T6) */
    DEEPID_REASON_RANGE = 6,      /**< the last activation does not give such values (T6) */
    DEEPID_REASON_INVARIANCE = 7, /**< a normalisation gives the same for different inputs (T7) */
    DEEPID_REASON_NOISE = 8,      /**< dropout in training */
    DEEPID_REASON_UNKNOWN = 9     /**< no construction of ours fits; not a proof */
};

#ifdef __cplusplus
}
#endif
#endif
