/* What was read of a folder of pictures, in words: one line for whoever looks at it before training, and what looks
   wrong. */
#include "data/pictures.h"

/* "3 pictures (2 PNG, 1 JPEG) in 2 folders: cat = 0, dog = 1" */
static void print_count(const dpid_pictures *p, const dpid_legend *legend, dpid_string *s)
{
    int64_t png = 0;
    for (int64_t i = 0; i < p->count; i++)
        png += p->file[i].look.format == DPID_PICTURE_PNG;
    dpid_string_format(s, "%lld ", (long long)p->count);
    if (png == 0 || png == p->count)
        dpid_string_format(s, "%s picture%s", png ? "PNG" : "JPEG", p->count == 1 ? "" : "s");
    else
        dpid_string_format(s, "pictures (%lld PNG, %lld JPEG)", (long long)png, (long long)(p->count - png));
    dpid_string_format(s, " in %lld folder%s", (long long)p->classes, p->classes == 1 ? "" : "s");
    if (!legend->mapped)
        return;
    dpid_string_add(s, ": ");
    dpid_legend_print_classes(legend, s);
}

/* "; 20x20 to 32x48, stretched to 32x32" */
static void print_sizes(const dpid_pictures *p, const dpid_picture_fit *fit, dpid_string *s)
{
    const int64_t *to = fit->sample.extent;
    dpid_picture least = p->file[0].look;
    dpid_picture most = least;
    for (int64_t i = 0; i < p->count; i++) {
        const dpid_picture *look = &p->file[i].look;
        least.height = look->height < least.height ? look->height : least.height;
        least.width = look->width < least.width ? look->width : least.width;
        most.height = look->height > most.height ? look->height : most.height;
        most.width = look->width > most.width ? look->width : most.width;
    }
    if (least.height == to[0] && most.height == to[0] && least.width == to[1] && most.width == to[1])
        return;
    dpid_string_format(s, "; %lldx%lld", (long long)least.height, (long long)least.width);
    if (least.height != most.height || least.width != most.width)
        dpid_string_format(s, " to %lldx%lld", (long long)most.height, (long long)most.width);
    dpid_string_format(s, ", %s to %lldx%lld", fit->crop ? "cropped" : "stretched", (long long)to[0], (long long)to[1]);
}

/* What is not kept as it is in the file. */
static void print_channels(const dpid_pictures *p, const dpid_picture_fit *fit, dpid_string *s)
{
    int64_t gray = 0;
    int64_t deep = 0;
    for (int64_t i = 0; i < p->count; i++) {
        gray += p->file[i].look.gray;
        deep += p->file[i].look.deep;
    }
    if (fit->sample.extent[2] == 1 && gray < p->count)
        dpid_string_format(s, "; %lld in colour, made gray", (long long)(p->count - gray));
    if (fit->sample.extent[2] > 1 && gray > 0)
        dpid_string_format(s, "; %lld gray, taken as colours", (long long)gray);
    if (deep > 0)
        dpid_string_format(s, "; %lld of 16 bits, kept as fractions of 0 to 255", (long long)deep);
}

static void print_others(const dpid_pictures *p, const char *unread, dpid_string *s)
{
    if (p->passed > 0)
        dpid_string_format(s, "; %lld other file%s passed over", (long long)p->passed, p->passed == 1 ? "" : "s");
    if (p->dropped > 0)
        dpid_string_format(s, "; %lld damaged file%s left out, the first: %s", (long long)p->dropped,
                           p->dropped == 1 ? "" : "s", p->damaged);
    if (unread)
        dpid_string_format(s, "; folders that are not read: %s", unread);
}

int32_t dpid_pictures_words(const dpid_pictures *pictures, const dpid_picture_fit *fit, const char *unread,
                            int64_t see_through, dpid_legend *legend)
{
    dpid_string about = {.ctx = legend->arena.ctx};
    dpid_string warnings = {.ctx = legend->arena.ctx};
    print_count(pictures, legend, &about);
    print_sizes(pictures, fit, &about);
    print_channels(pictures, fit, &about);
    print_others(pictures, unread, &about);
    DPID_TRY(dpid_legend_keep(legend, &about, &legend->about));
    if (pictures->empties > 0)
        dpid_string_format(&warnings, "%lld folder%s no pictures and %s no class, the first is '%.60s'.\n",
                           (long long)pictures->empties, pictures->empties == 1 ? " has" : "s have",
                           pictures->empties == 1 ? "is" : "are", pictures->empty);
    if (see_through > 0)
        dpid_string_format(&warnings,
                           "%lld picture%s transparent pixels, whose colour is taken as it is stored; channels=4 keeps "
                           "how transparent they are.\n",
                           (long long)see_through, see_through == 1 ? " has" : "s have");
    return dpid_legend_keep(legend, &warnings, &legend->warnings);
}
