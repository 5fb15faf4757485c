/* The inside of a page: text that grows; figures stand in a grid that anything else ends. */
#ifndef DPID_REPORT_PAGE_H
#define DPID_REPORT_PAGE_H

#include <deepid/page.h>

#include "base/base.h"

struct deepid_page {
    dpid_head head;
    dpid_string html;
    bool grid; /* open */
};

/* open and close are markup, text is escaped between them. */
void dpid_html_element(dpid_string *s, const char *open, const char *text, const char *close);
/* columns: those to show, comma-separated; NULL: all. */
void dpid_html_table(dpid_string *s, const deepid_table *table, const char *columns);
/* The rules of a picture in a file of its own, light. */
void dpid_add_file_style(dpid_string *s);
/* The page's text, outside of the grid of figures. */
dpid_string *dpid_page_text(deepid_page *page);

#endif
