/* Machines by name and boot, processes by number and start. A name alone is not enough: machines share one
   ("localhost"), and containers of one machine number their processes anew. */
#include "base/place.h"

#include "base/random.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes read from the front of a small file; 0: none. */
static size_t read_front(const char *path, char *text, size_t size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t length = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = 0;
    return length > 0 ? (size_t)length : 0;
}

static uint64_t add_link(const char *path, uint64_t hash)
{
    char text[64];
    const ssize_t length = readlink(path, text, sizeof text);
    return dpid_hash64(text, length > 0 ? length : 0, hash);
}

/* /proc may be that of another container. */
static bool proc_is_ours(void)
{
    char text[32] = "";
    return readlink("/proc/self", text, sizeof text - 1) > 0 && strtoll(text, NULL, 10) == (long long)getpid();
}

static void name_host(char host[static DPID_HOST_MAX])
{
    memset(host, 0, DPID_HOST_MAX);
    gethostname(host, DPID_HOST_MAX - 1);
    for (char *p = host; *p; p++)
        if (*p <= ' ' || *p > '~')
            *p = '_';
    if (!*host)
        strcpy(host, "?");
}

dpid_place dpid_place_here(void)
{
    dpid_place here = {.processes = "?"};
    char boot[64];
    name_host(here.host);
    const size_t length = read_front("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    here.boot = dpid_hash64(boot, (int64_t)length, dpid_hash64(here.host, (int64_t)strlen(here.host), 0));
    if (length > 0 && proc_is_ours())
        snprintf(here.processes, sizeof here.processes, "%016llx",
                 (unsigned long long)add_link("/proc/self/ns/time", add_link("/proc/self/ns/pid", here.boot)));
    return here;
}

/* Field 22 of /proc/PID/stat, the 20th behind the command's closing parenthesis. */
int64_t dpid_process_start(int64_t pid)
{
    enum { FIELDS_BEHIND = 20 };
    char path[64];
    char text[1024];
    int64_t start;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    const char *p = read_front(path, text, sizeof text) ? strrchr(text, ')') : NULL;
    if (p && (strncmp(p, ") Z", 3) == 0 || strncmp(p, ") X", 3) == 0))
        return DPID_PROCESS_ENDED;
    for (int i = 0; p && i < FIELDS_BEHIND; i++)
        p = strchr(p + 1, ' ');
    return p && dpid_parse_int(p + 1, (int64_t)strcspn(p + 1, " \n"), &start) ? start : DPID_PROCESS_UNKNOWN;
}
