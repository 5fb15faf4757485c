/* What the answer says beside losses: right answers of classes, R^2 of targets. */
#include "verdict/rules.h"

#include "base/words.h"

#include <math.h>

static bool known(const dpid_view *view)
{
    return isfinite(view->median_s) && isfinite(view->median_d);
}

static void say_right(const dpid_view *view, const char *where, dpid_string *s)
{
    const double hundred = 100;
    dpid_string_format(s, "%s %% deep, %s %% shallow %s", dpid_words(hundred * (1 - view->median_d)).text,
                       dpid_words(hundred * (1 - view->median_s)).text, where);
}

/* Without it an accuracy of 92 % looks good where 92 % of the samples have one label. */
static void say_largest_class(const dpid_judge *j, dpid_string *s)
{
    const double hundred = 100;
    if (!isfinite(j->e->largest_class))
        return;
    dpid_string_format(s, " The largest class alone is %s %% of the training samples",
                       dpid_words(hundred * j->e->largest_class).text);
    if (isfinite(j->e->valid_largest_class))
        dpid_string_format(s, ", %s %% of those for validation", dpid_words(hundred * j->e->valid_largest_class).text);
    dpid_string_add(s, ".");
}

static void say_weights(const dpid_judge *j, dpid_string *s)
{
    if (j->e->class_weights)
        dpid_string_format(s,
                           " Losses are means by the weights of the classes (%s); right answers are counted without "
                           "them, and may fall below the share of the largest class.",
                           j->e->class_weights);
}

static void say_explained_part(const dpid_view *view, double const_loss, const char *where, dpid_string *s)
{
    dpid_string_format(s, "%s deep, %s shallow %s", dpid_words(1 - view->median_d / const_loss).text,
                       dpid_words(1 - view->median_s / const_loss).text, where);
}

/* R^2 = 1 - loss / loss of the mean. */
static void say_explained(const dpid_judge *j, dpid_string *s)
{
    const dpid_view *train = &j->base.view[DPID_BY_LOSS];
    const dpid_view *valid = &j->base.view[DPID_BY_VALID_LOSS];
    if (!known(train) || !(j->e->const_loss > 0))
        return;
    dpid_string_add(s, " R\xc2\xb2: ");
    say_explained_part(train, j->e->const_loss, "in training", s);
    if (known(valid) && j->e->valid_const_loss > 0) {
        dpid_string_add(s, "; ");
        say_explained_part(valid, j->e->valid_const_loss, "in validation", s);
    }
    dpid_string_add(s, ".");
}

/* "Right answers: 98.3 % deep, 100 % shallow in training; 93.2 % deep, 96.5 % shallow in validation." */
void dpid_say_accuracy(const dpid_judge *j, dpid_string *s)
{
    const dpid_view *train = &j->base.view[DPID_BY_ERROR];
    const dpid_view *valid = &j->base.view[DPID_BY_VALID_ERROR];
    if (j->e->targets)
        say_explained(j, s);
    if (!known(train) && !known(valid))
        return;
    dpid_string_add(s, " Right answers: ");
    if (known(train))
        say_right(train, "in training", s);
    dpid_string_add(s, known(train) && known(valid) ? "; " : "");
    if (known(valid))
        say_right(valid, "in validation", s);
    dpid_string_add(s, ".");
    say_largest_class(j, s);
    say_weights(j, s);
}
