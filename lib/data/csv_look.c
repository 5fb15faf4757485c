/* What a look at the rows of a CSV tells: the delimiter, whether the first row is names, what stands above the table
   and behind its rows. */
#include "data/csv.h"

#include <string.h>
#include <strings.h>

enum { LOOKED = 100 /* rows */, MOST = 1024 /* columns that are compared with the first row's */ };

/* ---- what stands above the table ------------------------------------------------------------------ */

static void skip_line(dpid_csv_text *t)
{
    while (t->at < t->end && *t->at != '\n' && *t->at != '\r')
        t->at++;
    if (t->at < t->end)
        t->at += *t->at == '\r' && t->at + 1 < t->end && t->at[1] == '\n' ? 2 : 1;
    t->next++;
}

/* sep=; or "sep=;" and nothing else in the line */
static void take_separator(dpid_csv_text *t)
{
    static const char word[] = "sep=";
    enum { LENGTH = sizeof word - 1 };
    const int64_t quote = t->at < t->end && *t->at == '"';
    const char *p = t->at + quote;
    if (t->end - p <= LENGTH || strncasecmp(p, word, LENGTH) != 0 || !p[LENGTH] || !strchr(",;\t|", p[LENGTH]))
        return;
    const char *end = p + LENGTH + 1;
    end += quote && end < t->end && *end == '"';
    if (end < t->end && *end != '\n' && *end != '\r')
        return;
    t->delimiter = t->delimiter ? t->delimiter : p[LENGTH];
    skip_line(t);
}

void dpid_csv_begin(dpid_csv_text *t, int64_t skip)
{
    if (t->end - t->at >= 3 && memcmp(t->at, "\xef\xbb\xbf", 3) == 0)
        t->at += 3;
    for (int64_t i = 0; i < skip && t->at < t->end; i++)
        skip_line(t);
    take_separator(t);
}

int64_t dpid_csv_title(dpid_csv_text first, int64_t *cells)
{
    int64_t counts[LOOKED];
    int64_t lines[LOOKED];
    int64_t rows = 0;
    int64_t same = 0;
    int64_t line = 0;
    for (dpid_csv_text t = first; rows < LOOKED && (rows == 0 || dpid_csv_row(&t)); rows++) {
        dpid_csv_cell cell = {.last = false};
        lines[rows] = t.line;
        for (counts[rows] = 0; !cell.last; counts[rows]++)
            dpid_csv_next(&t, &cell);
    }
    *cells = counts[rows - 1];
    for (int64_t i = rows - 1; i >= 0; i--) {
        same += counts[i] == *cells;
        line = counts[i] == *cells ? lines[i] : line;
    }
    return counts[0] < *cells && 2 * same > rows ? line : 0;
}

/* ---- what stands behind its rows ---------------------------------------------------------------------- */

/* Cells of the row at hand, and those up to the last that is not empty. */
static int64_t count_filled(dpid_csv_text *t, int64_t *filled)
{
    dpid_csv_cell cell = {.last = false};
    int64_t count = 0;
    for (*filled = 0; !cell.last;) {
        dpid_csv_next(t, &cell);
        count++;
        *filled = cell.number || cell.broken || cell.text.length > 0 ? count : *filled;
    }
    return count;
}

/* Rows of another length than the first are left to whoever reads them. */
int64_t dpid_csv_columns(const dpid_csv_text *names, dpid_csv_text rows, int64_t *spare)
{
    int64_t named = 0;
    int64_t filled = 0;
    dpid_csv_text t = names ? *names : rows;
    const int64_t own = names ? count_filled(&t, &named) : 0;
    *spare = 0;
    if (!dpid_csv_row(&rows))
        return own;
    dpid_csv_text look = rows;
    const int64_t width = count_filled(&look, &filled);
    int64_t columns = filled > named ? filled : named;
    while (columns < width && dpid_csv_row(&look)) {
        const bool same = count_filled(&look, &filled) == width;
        columns = same && filled > columns ? filled : columns;
    }
    const bool fit = columns > 0 && columns <= width && (own <= width ? own >= columns : named <= width);
    if (names && !(own == width || fit))
        return own;
    *spare = columns > 0 && columns < width ? width - columns : 0;
    return width - *spare;
}

/* ---- the delimiter ------------------------------------------------------------------------------- */

typedef struct {
    int64_t same, numbers, columns; /* rows of as many cells as the last one looked at; cells that are numbers */
} cut;

static bool is_number(const dpid_csv_cell *cell)
{
    double value;
    const char *end = cell->text.text + cell->text.length;
    return cell->number || dpid_read_decimal(cell->text.text, end, ',', &value) == end;
}

/* The last row stands for most of them, since lines before the table may differ. */
static cut try_delimiter(dpid_csv_text t, char delimiter)
{
    int64_t counts[LOOKED] = {0};
    int64_t rows = 0;
    cut c = {.same = 0};
    for (t.delimiter = delimiter; rows < LOOKED && dpid_csv_row(&t); rows++) {
        dpid_csv_cell cell = {.last = false};
        for (counts[rows] = 0; !cell.last; counts[rows]++) {
            dpid_csv_next(&t, &cell);
            c.numbers += is_number(&cell);
        }
    }
    c.columns = rows > 0 ? counts[rows - 1] : 0;
    for (int64_t i = 0; i < rows && c.columns > 1; i++)
        c.same += counts[i] == c.columns;
    return c;
}

static bool better(cut a, cut b)
{
    if (a.same != b.same)
        return a.same > b.same;
    return a.numbers != b.numbers ? a.numbers > b.numbers : a.columns > b.columns;
}

char dpid_csv_find_delimiter(dpid_csv_text t)
{
    static const char candidates[] = {'\t', ';', '|', ','};
    char best = t.point == ',' ? ';' : ',';
    cut most = {.same = 0};
    for (size_t i = 0; i < sizeof candidates; i++) {
        const cut c = try_delimiter(t, candidates[i]);
        if (candidates[i] != t.point && c.same > 0 && better(c, most)) {
            most = c;
            best = candidates[i];
        }
    }
    return best;
}

/* ---- names ------------------------------------------------------------------------------------------ */

/* No cell is a number, and some cell is a name. A row of neither is a sample. */
static bool could_be_names(dpid_csv_text t)
{
    dpid_csv_cell cell = {.last = false};
    bool name = false;
    while (!cell.last) {
        double value;
        dpid_csv_next(&t, &cell);
        if (cell.number || dpid_parse_double(cell.text.text, cell.text.length, &value))
            return false;
        name |= dpid_csv_is_name(&cell);
    }
    return name;
}

static bool same_text(dpid_span a, dpid_span b)
{
    return a.length == b.length && memcmp(a.text, b.text, (size_t)a.length) == 0;
}

/* Where no column has a number, a text of the first row that comes again below is no name: a name stands over its
   column and not in it. *numbers: some column has one. */
static bool comes_again(dpid_csv_text t, bool *numbers)
{
    dpid_span first[MOST];
    dpid_csv_cell cell = {.last = false};
    int64_t columns = 0;
    bool again = false;
    for (; !cell.last; columns++) {
        dpid_csv_next(&t, &cell);
        if (columns < MOST)
            first[columns] = cell.text;
    }
    *numbers = false;
    for (int64_t rows = 0; rows < LOOKED && dpid_csv_row(&t); rows++) {
        int64_t k = 0;
        for (cell.last = false; !cell.last; k++) {
            dpid_csv_next(&t, &cell);
            *numbers |= cell.number;
            again |= k < columns && k < MOST && cell.text.length > 0 && same_text(cell.text, first[k]);
        }
    }
    return again;
}

bool dpid_csv_has_names(dpid_csv_text t)
{
    bool numbers;
    if (!could_be_names(t))
        return false;
    const bool again = comes_again(t, &numbers);
    return numbers || !again;
}
