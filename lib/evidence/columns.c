/* The columns of the files: what may stand in each. */
#include "evidence/evidence.h"

#include <math.h>

#define LARGEST 9007199254740992.0 /* 2^53: whole numbers are exact up to there */
#define LOSS(n)                                                                                                        \
    {                                                                                                                  \
        n, DPID_CELL_NUMBER, 0, HUGE_VAL, false, "a loss, 0 or more"                                                   \
    }
#define SHARE(n)                                                                                                       \
    {                                                                                                                  \
        n, DPID_CELL_NUMBER, 0, 1, false, "a share of wrong answers from 0 to 1, 0.279 for 27.9 %"                     \
    }
#define FLAG(n)                                                                                                        \
    {                                                                                                                  \
        n, DPID_CELL_NUMBER, 0, 1, true, "0 or 1"                                                                      \
    }
#define COUNT(n, e)                                                                                                    \
    {                                                                                                                  \
        n, DPID_CELL_NUMBER, 0, LARGEST, true, e                                                                       \
    }
#define AMOUNT(n, e)                                                                                                   \
    {                                                                                                                  \
        n, DPID_CELL_NUMBER, 0, HUGE_VAL, false, e                                                                     \
    }
#define NUMBER(n)                                                                                                      \
    {                                                                                                                  \
        n, DPID_CELL_NUMBER, -HUGE_VAL, HUGE_VAL, false, "a number"                                                    \
    }
#define TEXT(n)                                                                                                        \
    {                                                                                                                  \
        n, DPID_CELL_TEXT, 0, 0, false, "a text"                                                                       \
    }

const dpid_column dpid_run_columns[DPID_RUN_COLUMNS] = {
    [DPID_RUN_SEED] = COUNT("seed", "a whole number, 0 or more"),
    [DPID_RUN_TRAIN_LOSS] = LOSS("train_loss"),
    [DPID_RUN_TRAIN_ERROR] = SHARE("train_error"),
    [DPID_RUN_VALID_LOSS] = LOSS("valid_loss"),
    [DPID_RUN_VALID_ERROR] = SHARE("valid_error"),
    [DPID_RUN_BEST_VALID_LOSS] = LOSS("best_valid_loss"),
    [DPID_RUN_DIVERGED] = FLAG("diverged"),
    [DPID_RUN_PENALTY] = LOSS("penalty"),
    [DPID_RUN_OBJECTIVE] = LOSS("objective"),
    [DPID_RUN_BATCH_LOSS] = LOSS("batch_loss"),
    [DPID_RUN_BATCH8_LOSS] = LOSS("batch8_loss"),
    [DPID_RUN_MOVING_LOSS] = LOSS("moving_loss"),
    [DPID_RUN_EQUAL] = FLAG("equal"),
    [DPID_RUN_DIFFERENCE] = AMOUNT("difference", "a share of the largest output, 0 or more"),
    [DPID_RUN_EPOCHS] = AMOUNT("epochs", "passes over the data, 0 or more"),
    [DPID_RUN_UPDATES] = AMOUNT("updates", "a count, 0 or more"),
    [DPID_RUN_RATE] = AMOUNT("rate", "a learning rate, 0 or more"),
    [DPID_RUN_SECONDS] = AMOUNT("seconds", "a time, 0 or more")};

const dpid_column dpid_point_columns[DPID_POINT_COLUMNS] = {
    [DPID_POINT_SEED] = COUNT("seed", "a whole number, 0 or more"),
    [DPID_POINT_EPOCH] = AMOUNT("epoch", "passes over the data, 0 or more"),
    [DPID_POINT_TRAIN_LOSS] = LOSS("train_loss"),
    [DPID_POINT_TRAIN_ERROR] = SHARE("train_error"),
    [DPID_POINT_VALID_LOSS] = LOSS("valid_loss"),
    [DPID_POINT_VALID_ERROR] = SHARE("valid_error"),
    [DPID_POINT_RATE] = AMOUNT("lr", "a learning rate, 0 or more")};

const dpid_column dpid_try_columns[DPID_TRY_COLUMNS] = {[DPID_TRY_RATE] = AMOUNT("rate", "a learning rate, 0 or more"),
                                                        [DPID_TRY_SEED] = COUNT("seed", "a whole number, 0 or more"),
                                                        [DPID_TRY_TRAIN_LOSS] = LOSS("train_loss"),
                                                        [DPID_TRY_DIVERGED] = FLAG("diverged"),
                                                        [DPID_TRY_CHOSEN] = FLAG("chosen"),
                                                        [DPID_TRY_NOISE] = FLAG("noise")};

const dpid_column dpid_arm_columns[DPID_ARM_NUMBERS + DPID_ARM_TEXTS] = {
    [DPID_ARM_DEPTH] = COUNT("depth", "layers or blocks, a whole number"),
    [DPID_ARM_RATE] = AMOUNT("learning_rate", "a learning rate, 0 or more"),
    [DPID_ARM_UPDATES] = AMOUNT("updates", "a count, 0 or more"),
    [DPID_ARM_TUNING_LOSS] = LOSS("tuning_loss"),
    [DPID_ARM_RATES_TRIED] = COUNT("rates_tried", "a count"),
    [DPID_ARM_RATES_DIVERGED] = COUNT("rates_diverged", "a count"),
    [DPID_ARM_LOWEST_RATE] = AMOUNT("lowest_rate", "a learning rate, 0 or more"),
    [DPID_ARM_HIGHEST_RATE] = AMOUNT("highest_rate", "a learning rate, 0 or more"),
    [DPID_ARM_OTHER_RATE] = AMOUNT("other_rate", "a learning rate, 0 or more"),
    [DPID_ARM_OTHER_GAIN] = NUMBER("other_gain"),
    [DPID_ARM_NOISE] = FLAG("noise"),
    [DPID_ARM_NUMBERS + DPID_ARM_BLOCK] = TEXT("block"),
    [DPID_ARM_NUMBERS + DPID_ARM_SAID] = TEXT("said"),
    [DPID_ARM_NUMBERS + DPID_ARM_REASON] = TEXT("reason"),
    [DPID_ARM_NUMBERS + DPID_ARM_LEFT_OUT] = TEXT("left_out")};

const char *dpid_column_refuses(const dpid_column *column, double value)
{
    const bool fits = isnan(value) || (value >= column->min && value <= column->max);
    const bool whole = !column->whole || isnan(value) || value == floor(value);
    return fits && whole ? NULL : column->expected;
}
