/* Tables of probes: rows by layer, numbers in every other column. */
#include "evidence/sheet.h"

#include <string.h>

void dpid_probe_path(dpid_string *path, const char *folder, const char *arm, const char *word)
{
    dpid_string_format(path, "%s/probes/", folder);
    const int64_t from = path->length;
    dpid_string_format(path, "%s.%s.csv", arm, word);
    for (char *p = path->status == DEEPID_OK ? path->text + from : NULL; p && *p; p++)
        *p = *p == ':' ? '-' : *p;
}

static void add_span(dpid_string *s, dpid_span span)
{
    dpid_string_add_span(s, span.text, span.length);
}

static int32_t make_table(const dpid_sheet *sheet, deepid_table **out)
{
    dpid_string heading = {.ctx = sheet->ctx};
    dpid_string names = {.ctx = sheet->ctx};
    add_span(&heading, sheet->name[0]);
    dpid_string_add(&names, "");
    for (int64_t i = 1; i < sheet->width; i++) {
        dpid_string_add(&names, i > 1 ? "," : "");
        add_span(&names, sheet->name[i]);
    }
    int32_t status = heading.status != DEEPID_OK ? heading.status : names.status;
    if (status == DEEPID_OK)
        status = deepid_table_create(sheet->ctx, heading.text ? heading.text : "", names.text ? names.text : "", out);
    dpid_string_release(&heading);
    dpid_string_release(&names);
    return status;
}

static int32_t add_row(deepid_evidence *e, dpid_sheet *sheet, double *row, deepid_table *table)
{
    static const dpid_column name = {.name = "layer", .type = DPID_CELL_TEXT};
    dpid_sheet named = *sheet;
    const char *text;
    named.column = &name;
    named.columns = 1;
    named.at[0] = 0;
    DPID_TRY(dpid_sheet_text(&named, 0, &e->arena, &text));
    for (int64_t i = 1; i < sheet->width; i++) {
        static const dpid_column number = {.name = "value", .expected = "a number"};
        named.column = &number;
        named.at[0] = i;
        DPID_TRY(dpid_sheet_number(&named, 0, &row[i - 1]));
    }
    return deepid_table_append(table, text, row);
}

static int32_t read_rows(deepid_evidence *e, dpid_sheet *sheet, deepid_table **out)
{
    double *row = NULL;
    bool more = true;
    DPID_TRY(make_table(sheet, out));
    int32_t status = dpid_alloc(e->head.ctx, sheet->width, sizeof *row, "evidence", &row);
    while (status == DEEPID_OK && (status = dpid_sheet_next(sheet, &more)) == DEEPID_OK && more)
        status = add_row(e, sheet, row, *out);
    dpid_free(e->head.ctx, row);
    return status;
}

int32_t dpid_probe_read(deepid_evidence *e, const char *folder, const char *arm, const char *word)
{
    deepid_table *table = NULL;
    dpid_sheet sheet = {.ctx = e->head.ctx};
    dpid_string path = {.ctx = e->head.ctx};
    dpid_probe_path(&path, folder, arm, word);
    int32_t status = path.status;
    if (status == DEEPID_OK)
        status = dpid_sheet_open(e->head.ctx, path.text, NULL, 0, NULL, false, &sheet);
    if (status == DEEPID_OK)
        status = read_rows(e, &sheet, &table);
    if (status == DEEPID_OK)
        status = dpid_evidence_add_probe(e, arm, word, table);
    if (status != DEEPID_OK)
        deepid_table_destroy(table);
    dpid_sheet_release(&sheet);
    dpid_string_release(&path);
    return status == DEEPID_OK ? dpid_evidence_note_file(e, "probes/") : status;
}
