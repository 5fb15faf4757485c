/* Dense linear algebra against answers by hand, and against what the words say of random matrices. */
#include "support/support.h"

#include "tensor/linear_algebra.h"

#include <math.h>

/* (3 4) . (3 4) = 25; (3 4) without its part along (1 0) is (0 4), and that part is 3. */
static void a_vector_loses_its_part_along_another(void **state)
{
    (void)state;
    const double along[2] = {1, 0};
    double a[2] = {3, 4};
    assert_true(dpid_dot(2, a, a) == 25 && dpid_length(2, a) == 5);
    assert_true(dpid_take_away(2, along, a) == 3);
    assert_true(a[0] == 0 && a[1] == 4);
}

/* The second column is twice the first: two of three stay. */
static void columns_that_the_others_give_are_left_out(void **state)
{
    (void)state;
    double x[3][4] = {{1, 2, 3, 4}, {2, 4, 6, 8}, {0, 1, 0, 1}};
    assert_int_equal(dpid_orthonormalise(4, 3, &x[0][0]), 2);
    near_at("the first length", dpid_length(4, x[0]), 1, 1e-15);
    near_at("the second length", dpid_length(4, x[1]), 1, 1e-15);
    near_at("their product", dpid_dot(4, x[0], x[1]), 0, 1e-15);
}

/* X^T X of (3 0; 4 5) is (25 20; 20 25): eigenvalues 45 and 5, vectors (1 1) and (1 -1). */
static void singular_values_of_two_by_two(void **state)
{
    (void)state;
    const double x[4] = {3, 0, 4, 5};
    double sigma[2];
    double v[4];
    deepid_ctx *ctx = new_ctx(1);
    OK(dpid_right_singular(ctx, 2, 2, x, sigma, v));
    near_at("the first", sigma[0], sqrt(45), 1e-14);
    near_at("the second", sigma[1], sqrt(5), 1e-14);
    near_at("the first vector", fabs(v[0] + v[1]), sqrt(2), 1e-14);
    near_at("the second vector", fabs(v[2] - v[3]), sqrt(2), 1e-14);
    assert_int_equal(dpid_rank(2, sigma), 2);
    sigma[1] = 1e-7 * sigma[0];
    assert_int_equal(dpid_rank(2, sigma), 1);
    deepid_ctx_destroy(ctx);
}

/* (2 1; 1 2) has 1 and 3. A random one: T s = lambda s for each column. */
static void eigenvalues_and_vectors(void **state)
{
    (void)state;
    enum { N = 9 };
    double pair[4] = {2, 1, 1, 2};
    double unit[4] = {1, 0, 0, 1};
    dpid_eigen(2, pair, unit);
    near_at("the smaller", fmin(pair[0], pair[3]), 1, 1e-15);
    near_at("the larger", fmax(pair[0], pair[3]), 3, 1e-15);
    double random[N * N];
    double t[N * N];
    double s[N * N] = {0};
    random_array(3, N * N, -1, 1, random);
    for (int i = 0; i < N; i++) {
        s[i * N + i] = 1;
        for (int j = 0; j < N; j++)
            t[i * N + j] = random[i * N + j] + random[j * N + i];
    }
    dpid_eigen(N, t, s);
    for (int e = 0; e < N; e++)
        for (int i = 0; i < N; i++) {
            double image = 0;
            for (int j = 0; j < N; j++)
                image += (random[i * N + j] + random[j * N + i]) * s[j * N + e];
            near_at("an image", image, t[e * N + e] * s[i * N + e], 1e-13); /* entries below 2, some 100 rotations */
        }
}

/* U = (2 1; 0 2) of (4 2; 2 5); U^-T (2 5) = (1 2), U^-1 of that is (0 1), and U (0 1) is (1 2) again. */
static void triangles_are_factors_and_are_solved(void **state)
{
    (void)state;
    double u[4] = {4, 2, (double)NAN, 5}; /* what is below the diagonal is not looked at */
    double v[2] = {2, 5};
    dpid_cholesky(2, u);
    assert_true(u[0] == 2 && u[1] == 1 && u[3] == 2);
    dpid_upper_solve_transposed(2, 1, u, v);
    assert_true(v[0] == 1 && v[1] == 2);
    dpid_upper_solve(2, 1, u, v);
    assert_true(v[0] == 0 && v[1] == 1);
    dpid_upper_multiply(2, 1, u, v);
    assert_true(v[0] == 1 && v[1] == 2);
}

/* L = (2 0; 1 2) of (4 2; 2 5), a column at a time; nothing is left. */
static void a_factor_grows_by_columns(void **state)
{
    (void)state;
    const double s[4] = {4, 2, 2, 5};
    double factor[4] = {0};
    double left[2] = {4, 5};
    dpid_cholesky_column(2, 2, s, 0, 0, factor, left);
    assert_true(factor[0] == 2 && factor[2] == 1 && left[0] == 0 && left[1] == 4);
    dpid_cholesky_column(2, 2, s, 1, 1, factor, left);
    assert_true(factor[1] == 0 && factor[3] == 2 && left[1] == 0);
}

/* Two rows that change places turn the sign: a permutation of three in a circle is even. */
static void the_sign_of_a_determinant(void **state)
{
    (void)state;
    double circle[9] = {0, 1, 0, 0, 0, 1, 1, 0, 0};
    double pair[9] = {0, 1, 0, 1, 0, 0, 0, 0, 1};
    double mixed[4] = {1, 2, 3, 4}; /* 1 4 - 2 3 = -2 */
    assert_true(dpid_determinant_sign(3, circle) == 1);
    assert_true(dpid_determinant_sign(3, pair) == -1);
    assert_true(dpid_determinant_sign(2, mixed) == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vector_loses_its_part_along_another),
        cmocka_unit_test(columns_that_the_others_give_are_left_out),
        cmocka_unit_test(singular_values_of_two_by_two),
        cmocka_unit_test(eigenvalues_and_vectors),
        cmocka_unit_test(triangles_are_factors_and_are_solved),
        cmocka_unit_test(a_factor_grows_by_columns),
        cmocka_unit_test(the_sign_of_a_determinant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
