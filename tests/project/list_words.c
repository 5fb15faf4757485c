/* docs/words.md, from the library: every word of every open set with its help. */
#include <deepid/deepid.h>

#include <stdio.h>

typedef struct {
    const char *title, *where;
    const char *(*word)(int64_t i);
    const char *(*help)(const char *word);
} set;

static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|') /* would end the cell */
            putchar('\\');
        putchar(*text);
    }
}

static void print_set(const set *s)
{
    printf("\n## %s\n\n%s\n\n| word | what it is |\n| --- | --- |\n", s->title, s->where);
    for (int64_t i = 0; s->word(i); i++) {
        printf("| `%s` | ", s->word(i));
        print_cell(s->help(s->word(i)));
        printf(" |\n");
    }
}

int main(void)
{
    static const set sets[] = {
        {"Layers", "In the text of a net: docs/nets.md. Derivations: lib/ops/WORD/WORD.md.", deepid_layer_word,
         deepid_layer_help},
        {"Blocks", "In the text of a net: docs/nets.md.", deepid_block_word, deepid_block_help},
        {"Starts", "deepid_net_init.", deepid_init_word, deepid_init_help},
        {"Losses", "deepid_trainer_set_loss.", deepid_loss_word, deepid_loss_help},
        {"Optimisers", "deepid_trainer_set_optimizer.", deepid_optimizer_word, deepid_optimizer_help},
        {"Schedules", "deepid_trainer_set_schedule.", deepid_schedule_word, deepid_schedule_help},
        {"Number formats", "deepid_net_set_storage: docs/precision.md.", deepid_storage_word, deepid_storage_help},
        {"Loss scales", "deepid_trainer_set_loss_scale.", deepid_loss_scale_word, deepid_loss_scale_help},
        {"Generators of data", "deepid_dataset_generate.", deepid_generator_word, deepid_generator_help},
        {"Probes", "deepid_net_inspect: docs/probes.md.", deepid_probe_word, deepid_probe_help},
        {"Constructions of the identity", "deepid_identity_examine: docs/identity.md.", deepid_construction_word,
         deepid_construction_help},
        {"Ways to deepen", "deepid_net_deepen: docs/deepen.md.", deepid_deepen_word, deepid_deepen_help},
        {"Arms of a study", "docs/study.md.", deepid_arm_word, deepid_arm_help},
        {"Hypotheses", "docs/verdict.md.", deepid_hypothesis_word, deepid_hypothesis_help},
    };
    printf("# Every word\n\nWhat the library knows by name, printed by the library (tests/project/tables.sh). Words "
           "take options: `word key=value`.\n");
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        print_set(&sets[i]);
    return 0;
}
