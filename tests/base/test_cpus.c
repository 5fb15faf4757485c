/* How many CPUs a process may use: its affinity, and the quotas of control groups as systems show them. */
#include "support/support.h"

#include "base/base.h"

#include <sched.h>

enum { UNLIMITED = 1024 };

/* ---- a system in a folder: its /proc/self and the files of its groups ------------------------------------------ */

static void put(const char *root, const char *path, const char *text)
{
    char whole[1024];
    deepid_ctx *ctx = new_ctx(1);
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    char *slash = strrchr(whole, '/');
    *slash = 0;
    OK(dpid_folder_make(ctx, whole));
    *slash = '/';
    OK(dpid_file_replace(ctx, whole, text, (int64_t)strlen(text)));
    deepid_ctx_destroy(ctx);
}

static const char *make_system(const char *name, const char *groups, const char *mounts)
{
    const char *root = temporary(name);
    put(root, "proc/self/cgroup", groups);
    put(root, "proc/self/mountinfo", mounts);
    return root;
}

#define MOUNT_V2 "30 23 0:26 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define MOUNTS_V1                                                                                                      \
    "31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs rw,mode=755\n"                                                       \
    "35 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"                                                \
    "36 31 0:32 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"

/* ---- quotas ------------------------------------------------------------------------------------------------------ */

static void a_step_of_slurm_has_the_quota_of_its_job(void **state)
{
    (void)state;
    const char *root = make_system("slurm", "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n", MOUNT_V2);
    put(root, "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_0/user/task_0/cpu.max", "max 100000\n");
    put(root, "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/cpu.max", "250000 100000\n");
    put(root, "sys/fs/cgroup/system.slice/cpu.max", "800000 100000\n");
    assert_int_equal(dpid_cgroup_cpus(root), 3); /* two and a half cores: a third net has half of one */
    put(root, "sys/fs/cgroup/system.slice/cpu.max", "100000 100000\n");
    assert_int_equal(dpid_cgroup_cpus(root), 1); /* the least */
}

static void a_container_sees_its_own_group_as_the_root(void **state)
{
    (void)state;
    const char *root = make_system("namespace", "0::/\n", MOUNT_V2);
    put(root, "sys/fs/cgroup/cpu.max", "200000 100000\n");
    assert_int_equal(dpid_cgroup_cpus(root), 2);
    root = make_system("docker", "0::/docker/0a1b\n",
                       "30 23 0:26 /docker/0a1b /sys/fs/cgroup ro,relatime - cgroup2 cgroup rw\n");
    put(root, "sys/fs/cgroup/cpu.max", "400000 100000\n");
    put(root, "sys/fs/cgroup/docker/0a1b/cpu.max", "100000 100000\n"); /* a group of that name inside: not ours */
    assert_int_equal(dpid_cgroup_cpus(root), 4);
    root = make_system("outside", "0::/../other\n", MOUNT_V2);
    put(root, "sys/fs/cgroup/cpu.max", "500000 100000\n");
    put(root, "sys/fs/other/cpu.max", "100000 100000\n");
    assert_int_equal(dpid_cgroup_cpus(root), 5);
}

static void version_1_has_two_files_where_the_word_cpu_is_mounted(void **state)
{
    (void)state;
    const char *root =
        make_system("version1", "9:name=systemd:/user\n4:cpu,cpuacct:/slurm/uid_0/job_7\n3:cpuset:/wrong\n", MOUNTS_V1);
    put(root, "sys/fs/cgroup/cpuset/wrong/cpu.cfs_quota_us", "100000\n");
    put(root, "sys/fs/cgroup/cpuset/wrong/cpu.cfs_period_us", "100000\n");
    put(root, "sys/fs/cgroup/cpu,cpuacct/slurm/uid_0/job_7/cpu.cfs_quota_us", "-1\n");
    put(root, "sys/fs/cgroup/cpu,cpuacct/slurm/uid_0/job_7/cpu.cfs_period_us", "100000\n");
    assert_int_equal(dpid_cgroup_cpus(root), UNLIMITED);
    put(root, "sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "300000\n");
    put(root, "sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", "50000\n");
    assert_int_equal(dpid_cgroup_cpus(root), 6);
}

static void what_is_missing_or_no_number_limits_nothing(void **state)
{
    (void)state;
    assert_int_equal(dpid_cgroup_cpus(temporary("empty")), UNLIMITED);
    assert_int_equal(dpid_cgroup_cpus(make_system("files", "0::/a\n", MOUNT_V2)), UNLIMITED);
    assert_int_equal(dpid_cgroup_cpus(make_system("words", "cgroup\n0:/a\n\n", " - \n - cgroup2\nx\n")), UNLIMITED);
    static const char *const quotas[] = {"", "\n", "max", "0 100000", "-5 100000", "100000", "100000 0", "x y"};
    for (size_t i = 0; i < sizeof quotas / sizeof *quotas; i++) {
        const char *root = make_system("numbers", "0::/\n", MOUNT_V2);
        put(root, "sys/fs/cgroup/cpu.max", quotas[i]);
        if (dpid_cgroup_cpus(root) != UNLIMITED)
            fail_msg("'%s' limits to %d CPUs", quotas[i], dpid_cgroup_cpus(root));
    }
}

/* ---- this process ------------------------------------------------------------------------------ */

static void a_process_that_is_bound_to_one_cpu_has_one(void **state)
{
    (void)state;
    cpu_set_t all;
    cpu_set_t one;
    int first = 0;
    assert_true(dpid_cpu_count() >= 1 && dpid_cpu_count() <= UNLIMITED);
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        skip();
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(dpid_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_of_slurm_has_the_quota_of_its_job),
        cmocka_unit_test(a_container_sees_its_own_group_as_the_root),
        cmocka_unit_test(version_1_has_two_files_where_the_word_cpu_is_mounted),
        cmocka_unit_test(what_is_missing_or_no_number_limits_nothing),
        cmocka_unit_test(a_process_that_is_bound_to_one_cpu_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
