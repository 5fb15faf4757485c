/* How many CPUs a process may use: as many as its affinity mask has, and no more than the quota of any control group
   that it is in (cgroups(7)). A batch system gives a job its cores by the one or by the other. */
#include "base/pool.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CPUS_MAX = 1024, PATH_BYTES = 1024, LINE_BYTES = 4 * PATH_BYTES, TYPE_BYTES = 16, WORDS_BYTES = 256 };

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* ---- the quota of one group: microseconds in a period of so many ------------------------------ */

static int32_t quotient(int64_t quota, int64_t period)
{
    if (quota <= 0 || period <= 0)
        return CPUS_MAX; /* "max", -1, or no such file: no limit */
    const int64_t cpus = quota / period + (quota % period != 0);
    return cpus < CPUS_MAX ? (int32_t)cpus : CPUS_MAX;
}

/* *second: the number behind a blank. Both 0 where there is none. */
static int64_t numbers_in(const char *folder, const char *name, int64_t *second)
{
    char path[LINE_BYTES + 32];
    char line[64] = "";
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (file && !fgets(line, sizeof line, file))
        line[0] = 0;
    if (file)
        fclose(file);
    const char *blank = strchr(line, ' ');
    *second = blank ? strtoll(blank, NULL, 10) : 0;
    return strtoll(line, NULL, 10);
}

/* Version 2: "150000 100000" in one file. Version 1: two files. */
static int32_t quota_in(const char *folder, bool v2)
{
    int64_t period = 0;
    int64_t none;
    const int64_t quota = numbers_in(folder, v2 ? "cpu.max" : "cpu.cfs_quota_us", &period);
    if (!v2)
        period = numbers_in(folder, "cpu.cfs_period_us", &none);
    return quotient(quota, period);
}

/* The least of a group and of those that it lies in, up to where they are mounted. */
static int32_t quota_up(char *folder, size_t mounted, bool v2)
{
    const int32_t cpus = quota_in(folder, v2);
    char *slash = strrchr(folder + mounted, '/');
    if (!slash)
        return cpus;
    *slash = 0;
    return smaller(cpus, quota_up(folder, mounted, v2));
}

/* ---- the groups of this process --------------------------------------------------------------- */

/* Is "cpu" one of the words, which commas divide? */
static bool has_cpu(const char *words)
{
    const size_t length = strcspn(words, ",");
    return (length == 3 && strncmp(words, "cpu", 3) == 0) || (words[length] && has_cpu(words + length + 1));
}

/* Of /proc/self/cgroup, "NUMBER:CONTROLLERS:PATH", version 2 without controllers; NULL: another group's line. */
static char *group_of(char *line, bool v2)
{
    char *words = strchr(line, ':');
    char *path = words ? strchr(words + 1, ':') : NULL;
    if (!path)
        return NULL;
    *path++ = 0;
    path[strcspn(path, "\n")] = 0;
    return (v2 ? words[1] == 0 : has_cpu(words + 1)) ? path : NULL;
}

/* Word number k of a line, from 0; "" where there are fewer or it has no room. */
static void word_at(const char *line, int k, size_t size, char *word)
{
    line += strspn(line, " ");
    for (; k > 0; k--) {
        line += strcspn(line, " \n");
        line += strspn(line, " ");
    }
    const size_t length = strcspn(line, " \n");
    const size_t kept = length < size ? length : 0;
    memcpy(word, line, kept);
    word[kept] = 0;
}

/* Of /proc/self/mountinfo, "ID PARENT DEVICE ROOT POINT ... - TYPE SOURCE WORDS" (proc(5)): which group is seen
   where. */
static bool mount_of(const char *line, bool v2, char root[static PATH_BYTES], char point[static PATH_BYTES])
{
    char type[TYPE_BYTES] = "";
    char words[WORDS_BYTES] = "";
    const char *dash = strstr(line, " - ");
    if (!dash)
        return false;
    word_at(dash + 3, 0, sizeof type, type);
    word_at(dash + 3, 2, sizeof words, words);
    word_at(line, 3, PATH_BYTES, root);
    word_at(line, 4, PATH_BYTES, point);
    return *point && (v2 ? strcmp(type, "cgroup2") == 0 : strcmp(type, "cgroup") == 0 && has_cpu(words));
}

/* The quota of the group PATH, seen through one mount; a group above what is mounted cannot be seen. */
static int32_t quota_through(const char *system, const char *path, const char *root, const char *point, bool v2)
{
    char folder[LINE_BYTES];
    const size_t above = strcmp(root, "/") == 0 ? 0 : strlen(root);
    const bool inside = strncmp(path, root, above) == 0 && (path[above] == '/' || !path[above]) && !strstr(path, "/..");
    const char *rest = inside && strcmp(path + above, "/") != 0 ? path + above : "";
    const int mounted = snprintf(folder, sizeof folder, "%s%s", system, point);
    if (mounted < 0 || (size_t)mounted + strlen(rest) >= sizeof folder)
        return CPUS_MAX;
    memcpy(folder + mounted, rest, strlen(rest) + 1);
    return quota_up(folder, (size_t)mounted, v2);
}

static FILE *open_proc(const char *system, const char *name)
{
    char path[LINE_BYTES];
    snprintf(path, sizeof path, "%s/proc/self/%s", system, name);
    return fopen(path, "re");
}

static int32_t quota_of_group(const char *system, const char *group, bool v2)
{
    char line[LINE_BYTES];
    char root[PATH_BYTES];
    char point[PATH_BYTES];
    int32_t cpus = CPUS_MAX;
    FILE *mounts = open_proc(system, "mountinfo");
    while (mounts && fgets(line, sizeof line, mounts))
        if (mount_of(line, v2, root, point))
            cpus = smaller(cpus, quota_through(system, group, root, point, v2));
    if (mounts)
        fclose(mounts);
    return cpus;
}

/* Of one version; both can be there, and then one of them has the CPUs. */
static int32_t quota_of(const char *system, bool v2)
{
    char line[LINE_BYTES];
    int32_t cpus = CPUS_MAX;
    FILE *groups = open_proc(system, "cgroup");
    while (groups && fgets(line, sizeof line, groups)) {
        const char *group = group_of(line, v2);
        if (group)
            cpus = smaller(cpus, quota_of_group(system, group, v2));
    }
    if (groups)
        fclose(groups);
    return cpus;
}

int32_t dpid_cgroup_cpus(const char *root)
{
    return smaller(quota_of(root, true), quota_of(root, false));
}

/* ---- both ------------------------------------------------------------------------------------- */

int32_t dpid_cpu_count(void)
{
    cpu_set_t set;
    const int32_t allowed =
        sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int32_t)sysconf(_SC_NPROCESSORS_ONLN);
    const int32_t count = smaller(allowed, dpid_cgroup_cpus(""));
    return count < 1 ? 1 : count;
}
