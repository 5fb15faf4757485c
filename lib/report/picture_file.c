/* A figure: onto the page, and each of its charts as a file of its own, the same picture with its style sheet inside,
   for papers and slides. */
#include "report/study_page.h"

#include "report/chart.h"

#include <string.h>
#include <unistd.h>

enum { WIDTH = DPID_CHART_WIDTH * 2 }; /* pixels, where the reader of the file asks for a size */

/* figures/NAME.svg, and NAME-2.svg for the second chart of that name. */
static int32_t path_of(const dpid_study_page *p, int32_t number, dpid_string *path)
{
    *path = (dpid_string){.ctx = p->ctx};
    dpid_string_format(path, "%s/%s", p->pictures, p->figure);
    if (number > 1)
        dpid_string_format(path, "-%d", (int)number);
    dpid_string_add(path, ".svg");
    return path->status;
}

/* The chart's own text begins with "<svg "; a file needs the name space, a size and the rules. */
static void compose(dpid_string *s, const char *svg)
{
    static const char begin[] = "<svg ";
    const char *inside = strchr(svg, '>');
    if (strncmp(svg, begin, sizeof begin - 1) != 0 || !inside)
        return;
    dpid_string_format(
        s, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" font-family=\"system-ui, sans-serif\" ", (int)WIDTH);
    dpid_string_add_span(s, svg + sizeof begin - 1, inside + 1 - (svg + sizeof begin - 1));
    dpid_string_add(s, "<style>\n");
    dpid_add_file_style(s);
    dpid_string_add(s, "</style>");
    dpid_string_add(s, inside + 1);
}

static int32_t write_file(dpid_study_page *p, deepid_chart *chart, const char *label)
{
    dpid_string path;
    dpid_string text = {.ctx = p->ctx};
    int32_t status = path_of(p, ++p->figure_charts, &path);
    const char *svg = deepid_chart_svg(chart, label);
    if (status == DEEPID_OK && !*svg)
        status = DEEPID_ERR_MEMORY; /* the sentence is the chart's */
    compose(&text, svg);
    if (status == DEEPID_OK)
        status = text.status;
    if (status == DEEPID_OK)
        status = dpid_folder_make_own(p->ctx, p->pictures);
    if (status == DEEPID_OK)
        status = dpid_file_replace(p->ctx, path.text, text.text, text.length);
    dpid_string_release(&text);
    dpid_string_release(&path);
    return status;
}

static void write_picture(dpid_study_page *p, deepid_chart *chart, const char *label)
{
    if (*p->pictures && chart && p->status == DEEPID_OK)
        dpid_note(p, write_file(p, chart, label));
}

/* An earlier report may have had more. */
void dpid_clear_pictures(dpid_study_page *p)
{
    enum { MOST = 4 };
    for (int32_t number = p->figure_charts + 1; *p->pictures && number <= MOST && p->status == DEEPID_OK; number++) {
        dpid_string path;
        if (path_of(p, number, &path) == DEEPID_OK)
            unlink(path.text);
        dpid_note(p, path.status);
        dpid_string_release(&path);
    }
}

/* ---- onto the page: chart and table are destroyed here ---------------------------------------- */

/* Probes are a folder. */
static bool is_there(const dpid_material *m, const char *file)
{
    static const char probes[] = "probes/";
    const bool probe = strncmp(file, probes, strlen(probes)) == 0;
    return *m->files && (!m->there || dpid_files_name(m->there, probe ? probes : file));
}

void dpid_add_figure_pair(dpid_study_page *p, const char *headline, const char *explanation, deepid_chart *first,
                          const char *first_caption, deepid_chart *second, const char *second_caption,
                          deepid_table *numbers, const char *file)
{
    if (p->status == DEEPID_OK) /* without a folder there are no files */
        dpid_note(p, deepid_page_figure(p->page, headline, explanation, first, first_caption, second, second_caption,
                                        numbers, is_there(p->m, file) ? file : NULL));
    write_picture(p, first, first_caption ? dpid_say(p, "%s: %s", first_caption, headline) : headline);
    write_picture(p, second, second_caption ? dpid_say(p, "%s: %s", second_caption, headline) : headline);
    deepid_table_destroy(numbers);
    deepid_chart_destroy(second);
    deepid_chart_destroy(first);
}

void dpid_add_figure(dpid_study_page *p, const char *headline, const char *explanation, deepid_chart *chart,
                     deepid_table *numbers, const char *file)
{
    dpid_add_figure_pair(p, headline, explanation, chart, NULL, NULL, NULL, numbers, file);
}
