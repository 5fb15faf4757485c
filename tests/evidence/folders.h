/* Folders and files of evidence, in the test's own place. */
#ifndef DPID_TESTS_EVIDENCE_FOLDERS_H
#define DPID_TESTS_EVIDENCE_FOLDERS_H

#include "support/support.h"

#include <sys/stat.h>

static inline const char *in(const char *folder, const char *name)
{
    static char paths[8][600];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline const char *folder_of(const char *name)
{
    static char folder[300];
    snprintf(folder, sizeof folder, "%s", temporary(name));
    mkdir(folder, 0777);
    return folder;
}

#endif
