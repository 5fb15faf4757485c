/* Batches: fast paths, plain path and augmentation agree with the definition. */
#include "support/support.h"

#include "data/data.h"

static void batches_are_what_they_say(void **state)
{
    (void)state;
    deepid_ctx *ctx = new_ctx(1);
    enum { N = 5, SIDE = 6, PIXELS = SIDE * SIDE };
    uint8_t pixels[N * PIXELS];
    int32_t labels[N] = {0};
    for (int i = 0; i < N * PIXELS; i++)
        pixels[i] = (uint8_t)(i * 37 % 251);
    const int64_t extents[] = {N, SIDE, SIDE};
    deepid_dataset *data = NULL;
    OK(deepid_dataset_wrap(ctx, DEEPID_U8, pixels, 3, extents, NULL, labels, 1, &data));
    OK(deepid_dataset_normalize(data, "global", data));
    const int64_t order[] = {3, 1};
    float x[2 * PIXELS];
    dpid_dataset_gather(NULL, data, &(dpid_gathered){.order = order, .n = 2, .precision = DPID_P32, .x = x});
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < PIXELS; k++)
            assert_true(x[i * PIXELS + k] == (float)dpid_dataset_feature(data, order[i], k));
    dpid_augment augment;
    OK(dpid_augment_parse(ctx, "crop pad=2 flip=1", &augment));
    bool mirrored = false;
    bool moved = false;
    for (uint64_t epoch = 0; epoch < 20; epoch++) {
        dpid_dataset_gather(
            NULL, data,
            &(dpid_gathered){
                .order = order, .n = 1, .augment = &augment, .epoch = epoch, .precision = DPID_P32, .x = x});
        int matches = 0;
        for (int flip = 0; flip < 2; flip++) {
            for (int down = -2; down <= 2; down++) {
                for (int across = -2; across <= 2; across++) {
                    bool same = true;
                    for (int p = 0; p < PIXELS && same; p++) {
                        const int row = p / SIDE + down;
                        const int column = (flip ? SIDE - 1 - p % SIDE : p % SIDE) + across;
                        const bool inside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
                        same = x[p] == (inside ? (float)dpid_dataset_feature(data, order[0], row * SIDE + column) : 0);
                    }
                    matches += same;
                    mirrored |= same && flip;
                    moved |= same && down != 0;
                }
            }
        }
        assert_int_equal(matches, 1);
    }
    assert_true(mirrored && moved);
    int64_t first[50];
    int64_t second[50];
    dpid_epoch_order(1, 0, 50, first);
    dpid_epoch_order(1, 1, 50, second);
    assert_true(memcmp(first, second, sizeof first) != 0);
    deepid_dataset_destroy(data);
    deepid_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_are_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
