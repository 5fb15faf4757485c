/* The classes and categories of a CSV: their order, their numbers, and the same numbers for data that are read like
   others. Numbers come by size, then texts by their bytes. */
#include "data/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- texts of one column ---------------------------------------------------------------------------- */

typedef struct {
    const char **word; /* sorted; those that some row has */
    int64_t count;
} vocabulary;

/* A row that was left out may have brought words that no other has. */
static int32_t sort_words(dpid_csv *csv, const dpid_csv_column *c, vocabulary *out)
{
    const char **word = NULL;
    bool *seen = NULL;
    DPID_TRY(dpid_arena_alloc(&csv->arena, c->texts.count, sizeof *word, "words", &word));
    DPID_TRY(dpid_arena_alloc(&csv->arena, c->texts.count, sizeof *seen, "words", &seen));
    for (int64_t i = 0; i < csv->rows; i++) {
        const double number = csv->table[i * csv->used + c->slot];
        if (!isnan(number))
            seen[(int64_t)number] = true;
    }
    int64_t count = 0;
    for (int64_t i = 0; i < c->texts.count; i++)
        if (seen[i])
            word[count++] = c->texts.word[i];
    qsort(word, (size_t)count, sizeof *word, dpid_lexicon_compare);
    *out = (vocabulary){word, count};
    return DEEPID_OK;
}

/* Words of the column become their places in list; `what` list is that, for the sentence on one that is not in it. */
static int32_t number_words(deepid_ctx *ctx, dpid_csv *csv, int64_t k, const char *const *list, int64_t count)
{
    const dpid_csv_column *c = &csv->column[k];
    dpid_lexicon places = {.arena = &csv->arena};
    for (int64_t i = 0; i < count; i++) {
        int64_t unused;
        DPID_TRY(dpid_lexicon_add(&places, list[i], (int64_t)strlen(list[i]), &unused));
    }
    for (int64_t i = 0; i < csv->rows; i++) {
        double *cell = &csv->table[i * csv->used + c->slot];
        if (isnan(*cell))
            continue;
        const char *word = c->texts.word[(int64_t)*cell];
        const int64_t place = dpid_lexicon_find(&places, word, (int64_t)strlen(word));
        if (place < 0)
            return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                             "'%s', column %lld (%.40s): the training data has no category '%.60s'", csv->path,
                             (long long)k + 1, c->name, word);
        *cell = (double)place;
    }
    return DEEPID_OK;
}

/* ---- features ------------------------------------------------------------------------------------------ */

static bool is_truth(const vocabulary *v)
{
    bool all = v->count > 0;
    for (int64_t i = 0; i < v->count; i++)
        all = all && (strcasecmp(v->word[i], "true") == 0 || strcasecmp(v->word[i], "false") == 0);
    return all;
}

static void number_truth(dpid_csv *csv, const dpid_csv_column *c)
{
    for (int64_t i = 0; i < csv->rows; i++) {
        double *cell = &csv->table[i * csv->used + c->slot];
        if (!isnan(*cell))
            *cell = strcasecmp(c->texts.word[(int64_t)*cell], "true") == 0;
    }
}

static int32_t copy_words(dpid_legend *legend, const char *const *words, int64_t count, const char ***out)
{
    DPID_TRY(dpid_arena_alloc(&legend->arena, count, sizeof **out, "words", out));
    for (int64_t i = 0; i < count; i++) {
        char *copy = NULL;
        DPID_TRY(dpid_arena_text(&legend->arena, words[i], (int64_t)strlen(words[i]), &copy));
        (*out)[i] = copy;
    }
    return DEEPID_OK;
}

static int32_t name_column(dpid_legend *legend, const char *name, dpid_legend_column *out)
{
    char *copy = NULL;
    DPID_TRY(dpid_arena_text(&legend->arena, name, (int64_t)strlen(name), &copy));
    *out = (dpid_legend_column){.name = copy};
    return DEEPID_OK;
}

/* The kinds must be those of like, and the names where both have them. */
static int32_t check_like(deepid_ctx *ctx, const dpid_csv *csv, int64_t k, const dpid_legend_column *own,
                          const dpid_legend_column *like)
{
    static const char *const kinds[] = {"numbers", "true and false", "texts"};
    if (*own->name && *like->name && strcmp(own->name, like->name) != 0)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s', column %lld is '%.60s', that of the training data '%.60s'",
                         csv->path, (long long)k + 1, own->name, like->name);
    if (own->kind != like->kind)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s', column %lld (%.40s) has %s, that of the training data %s",
                         csv->path, (long long)k + 1, own->name, kinds[own->kind], kinds[like->kind]);
    return DEEPID_OK;
}

static int32_t describe_feature(deepid_ctx *ctx, dpid_csv *csv, int64_t k, const dpid_legend_column *like,
                                dpid_legend *legend, dpid_legend_column *out)
{
    dpid_csv_column *c = &csv->column[k];
    vocabulary words = {NULL, 0};
    DPID_TRY(name_column(legend, c->name, out));
    if (c->texts.count > 0)
        DPID_TRY(sort_words(csv, c, &words));
    out->kind = words.count == 0                  ? DPID_LEGEND_NUMBER
                : is_truth(&words) && !c->as_text ? DPID_LEGEND_TRUTH
                                                  : DPID_LEGEND_CATEGORIES;
    if (like)
        DPID_TRY(check_like(ctx, csv, k, out, like));
    if (out->kind == DPID_LEGEND_TRUTH)
        number_truth(csv, c);
    if (out->kind != DPID_LEGEND_CATEGORIES)
        return DEEPID_OK;
    out->categories = like ? like->categories : words.count;
    DPID_TRY(copy_words(legend, like ? like->category : words.word, out->categories, &out->category));
    return number_words(ctx, csv, k, out->category, out->categories);
}

static int32_t describe_features(deepid_ctx *ctx, dpid_csv *csv, const dpid_legend *like, dpid_legend *legend)
{
    DPID_TRY(dpid_arena_alloc(&legend->arena, csv->columns, sizeof *legend->column, "columns", &legend->column));
    for (int64_t k = 0; k < csv->columns; k++) {
        if (csv->column[k].role != DPID_CSV_FEATURE)
            continue;
        dpid_legend_column *column = &legend->column[legend->columns];
        const dpid_legend_column *as = like && legend->columns < like->columns ? &like->column[legend->columns] : NULL;
        DPID_TRY(describe_feature(ctx, csv, k, as, legend, column));
        legend->features += column->kind == DPID_LEGEND_CATEGORIES ? column->categories : 1;
        legend->columns++;
    }
    if (like && like->columns != legend->columns)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' has %lld columns of features, the training data %lld", csv->path,
                         (long long)legend->columns, (long long)like->columns);
    return DEEPID_OK;
}

/* ---- what fills in for missing cells: means, of categories their shares ------------------------------------ */

static int32_t column_means(deepid_ctx *ctx, const dpid_csv *csv, int64_t k, const dpid_legend_column *column,
                            double *mean)
{
    const dpid_csv_column *c = &csv->column[k];
    int64_t count = 0;
    for (int64_t i = 0; i < csv->rows; i++) {
        const double cell = csv->table[i * csv->used + c->slot];
        if (isnan(cell))
            continue;
        count++;
        if (column->kind == DPID_LEGEND_CATEGORIES)
            mean[(int64_t)cell]++;
        else
            *mean += (cell - *mean) / (double)count;
    }
    for (int64_t i = 0; i < column->categories && count > 0; i++)
        mean[i] /= (double)count;
    return count > 0 ? DEEPID_OK
                     : dpid_fail(ctx, DEEPID_ERR_FORMAT,
                                 "'%s', column %lld (%.40s): every cell is missing; drop leaves the column out",
                                 csv->path, (long long)k + 1, c->name);
}

static int32_t find_means(deepid_ctx *ctx, const dpid_csv *csv, const dpid_legend *like, dpid_legend *legend)
{
    double *mean = NULL;
    if (csv->asked.missing != DPID_CSV_MEAN)
        return DEEPID_OK;
    DPID_TRY(dpid_arena_alloc(&legend->arena, legend->features, sizeof *mean, "means", &mean));
    legend->mean = mean;
    const dpid_legend_column *column = legend->column;
    if (like && like->mean)
        memcpy(mean, like->mean, sizeof *mean * (size_t)legend->features);
    for (int64_t k = 0; k < csv->columns && !(like && like->mean); k++) {
        if (csv->column[k].role != DPID_CSV_FEATURE)
            continue;
        DPID_TRY(column_means(ctx, csv, k, column, mean));
        mean += column->kind == DPID_LEGEND_CATEGORIES ? column->categories : 1;
        column++;
    }
    return DEEPID_OK;
}

/* ---- classes ------------------------------------------------------------------------------------------------- */

static int32_t number_labels(dpid_csv *csv, const dpid_csv_column *c, dpid_legend *legend)
{
    dpid_distinct values = {NULL, 0, 0};
    const char *what = csv->path;
    for (int64_t i = 0; i < csv->rows; i++)
        DPID_TRY(dpid_distinct_add(&csv->arena, &values, csv->table[i * csv->used + c->slot], what));
    DPID_TRY(dpid_legend_number_classes(legend, values.value, values.count));
    for (int64_t i = 0; i < csv->rows; i++) {
        double *cell = &csv->table[i * csv->used + c->slot];
        *cell = (double)dpid_distinct_find(&values, *cell);
    }
    return DEEPID_OK;
}

/* The word that stands for all that say the same truth: that of the training data, or else the first. */
static const char *truth_of(const char *word, const vocabulary *words, const vocabulary *like)
{
    for (int64_t i = 0; i < like->count; i++)
        if (strcmp(like->word[i], word) == 0)
            return word;
    for (int64_t i = 0; i < like->count; i++)
        if (strcasecmp(like->word[i], word) == 0)
            return like->word[i];
    for (int64_t i = 0; i < words->count; i++)
        if (strcasecmp(words->word[i], word) == 0)
            return words->word[i];
    return word;
}

/* True, TRUE and true are one class, where a column holds nothing but truths; so is what the training data has. */
static int32_t fold_truths(dpid_csv *csv, dpid_csv_column *c, vocabulary *words)
{
    const dpid_legend *like = csv->like;
    const vocabulary known = {like ? like->class_name : NULL, like ? like->classes : 0};
    if (c->as_text || !is_truth(words) || (like && !is_truth(&known)))
        return DEEPID_OK;
    for (int64_t i = 0; i < csv->rows; i++) {
        double *cell = &csv->table[i * csv->used + c->slot];
        const char *word = truth_of(c->texts.word[(int64_t)*cell], words, &known);
        int64_t number;
        DPID_TRY(dpid_lexicon_add(&c->texts, word, (int64_t)strlen(word), &number));
        *cell = (double)number;
    }
    return sort_words(csv, c, words);
}

static int32_t text_labels(deepid_ctx *ctx, dpid_csv *csv, int64_t k, dpid_legend *legend)
{
    vocabulary words;
    DPID_TRY(sort_words(csv, &csv->column[k], &words));
    DPID_TRY(fold_truths(csv, &csv->column[k], &words));
    legend->classes = words.count;
    legend->mapped = true;
    DPID_TRY(copy_words(legend, words.word, words.count, &legend->class_name));
    return number_words(ctx, csv, k, legend->class_name, legend->classes);
}

/* The class of each row goes to the first of the columns. */
static int32_t onehot_labels(dpid_csv *csv, dpid_legend *legend)
{
    const int64_t *columns = csv->class_column;
    const char **names = NULL;
    DPID_TRY(dpid_arena_alloc(&csv->arena, csv->class_columns, sizeof *names, "classes", &names));
    for (int64_t k = 0; k < csv->class_columns; k++) {
        const char *name = csv->column[columns[k]].name;
        char *number = NULL;
        const dpid_number_text place = dpid_number((double)columns[k] + 1);
        if (!*name)
            DPID_TRY(dpid_arena_text(&csv->arena, place.text, (int64_t)strlen(place.text), &number));
        names[k] = number ? number : name;
    }
    for (int64_t i = 0; i < csv->rows; i++) {
        double *row = csv->table + i * csv->used;
        int64_t is = 0;
        while (row[csv->column[columns[is]].slot] != 1)
            is++;
        row[csv->column[columns[0]].slot] = (double)is;
    }
    legend->classes = csv->class_columns;
    legend->mapped = true;
    return copy_words(legend, names, csv->class_columns, &legend->class_name);
}

static int32_t match(dpid_csv *csv, const dpid_csv_column *c, const dpid_legend *like, dpid_legend *legend)
{
    int64_t *number = NULL;
    DPID_TRY(dpid_arena_alloc(&csv->arena, legend->classes, sizeof *number, "classes", &number));
    DPID_TRY(dpid_legend_match_classes(legend, like, csv->path, number));
    for (int64_t i = 0; i < csv->rows; i++) {
        double *cell = &csv->table[i * csv->used + c->slot];
        *cell = (double)number[(int64_t)*cell];
    }
    return DEEPID_OK;
}

static int32_t describe_classes(deepid_ctx *ctx, dpid_csv *csv, const dpid_legend *like, dpid_legend *legend)
{
    if (like && (like->classes > 0) != (csv->class_columns > 0))
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' has %s, the training data %s", csv->path,
                         csv->class_columns ? "labels" : "targets", like->classes ? "labels" : "targets");
    if (csv->class_columns == 0)
        return DEEPID_OK;
    const int64_t k = csv->class_column[0];
    if (csv->class_columns > 1)
        DPID_TRY(onehot_labels(csv, legend));
    else if (csv->column[k].texts.count > 0)
        DPID_TRY(text_labels(ctx, csv, k, legend));
    else
        DPID_TRY(number_labels(csv, &csv->column[k], legend));
    return like ? match(csv, &csv->column[k], like, legend) : DEEPID_OK;
}

/* ---- names of labels and targets --------------------------------------------------------------------------------- */

/* Labels of one column a class go by the names of the classes. */
static int32_t check_names(deepid_ctx *ctx, const dpid_csv *csv, const dpid_legend *legend)
{
    const char *what = csv->targets > 0 ? "target" : "label";
    if (!csv->like || csv->like->answers != legend->answers || csv->class_columns > 1)
        return DEEPID_OK;
    for (int64_t i = 0; i < legend->answers; i++) {
        const char *own = legend->answer_name[i];
        const char *name = csv->like->answer_name[i];
        if (*own && *name && strcmp(own, name) != 0)
            return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                             "'%s': the %s is column '%.60s', that of the training data '%.60s'", csv->path, what, own,
                             name);
    }
    return DEEPID_OK;
}

static int32_t name_answers(deepid_ctx *ctx, dpid_csv *csv, dpid_legend *legend)
{
    const int64_t *columns = csv->targets > 0 ? csv->target_column : csv->class_column;
    const int64_t count = csv->targets > 0 ? csv->targets : csv->class_columns;
    const char **names = NULL;
    DPID_TRY(dpid_arena_alloc(&csv->arena, count, sizeof *names, "names", &names));
    for (int64_t i = 0; i < count; i++)
        names[i] = csv->column[columns[i]].name;
    legend->answers = count;
    DPID_TRY(copy_words(legend, names, count, &legend->answer_name));
    return check_names(ctx, csv, legend);
}

int32_t dpid_csv_legend(deepid_ctx *ctx, dpid_csv *csv, dpid_legend *legend)
{
    const dpid_legend *like = csv->like;
    DPID_TRY(name_answers(ctx, csv, legend));
    DPID_TRY(describe_features(ctx, csv, like, legend));
    DPID_TRY(find_means(ctx, csv, like, legend));
    DPID_TRY(describe_classes(ctx, csv, like, legend));
    return dpid_csv_words(csv, legend);
}
