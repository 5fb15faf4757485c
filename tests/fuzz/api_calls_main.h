/* Runs the calls of api_calls.py: one child a function, so that a crash names function, seed and arguments.
     calls SEED COUNT [STACK] [FUNCTION]   STACK: KiB of the thread that calls, 0: the main one
     calls busy                            every setter from a second thread */
enum { WATCH = 120, STOP_EVERY = 50000 /* microseconds */ };

static int64_t count;
static int64_t stack;
static int which;
static int output; /* what the library itself prints comes here */

/* From a signal handler, as its page says: a training or a study that was begun without an end ends. */
static void stop(int number)
{
    (void)number;
    deepid_trainer_request_stop(made[TRAINER]);
    deepid_study_request_stop(made[STUDY]);
}

static void clean_up(int from)
{
    while (slots_used > 0) {
        slots_used--;
        destroy(slots[slots_used].kind, slots[slots_used].handle);
    }
    for (int kind = KINDS - 1; kind >= from; kind--)
        destroy(kind, made[kind]);
}

static void make_all(void)
{
    for (int kind = 0; kind < KINDS; kind++) {
        note("making an object of kind %d", kind);
        if (make(kind, &made[kind]) != DEEPID_OK)
            wrong(kind ? deepid_ctx_error(MINE) : "no context");
        if (kind == 0) {
            deepid_ctx_set_threads(MINE, 1);
            deepid_ctx_set_limit(MINE, "memory_bytes", MEMORY);
        }
    }
}

static void *call_all(void *arg)
{
    static const struct itimerval never;
    (void)arg;
    make_all();
    for (int64_t i = 0; i < count; i++) {
        functions[which].call();
        while (slots_used > 0) {
            slots_used--;
            destroy(slots[slots_used].kind, slots[slots_used].handle);
        }
    }
    const size_t length = strlen(last);
    snprintf(last + length, NOTE - length, ", then");
    if (deepid_dataset_count(made[DATASET]) != 40 || deepid_tensor_count(made[TENSOR]) != 8 ||
        !*deepid_net_describe(made[NET]))
        wrong("the objects are not what they were");
    setitimer(ITIMER_REAL, &never, NULL); /* the handler would stop what is not there any more */
    clean_up(1);
    deepid_ctx_set_threads(MINE, 1); /* ends threads that a call may have started */
    if (deepid_ctx_memory(MINE) != 0)
        wrong("the context still holds memory");
    deepid_ctx_destroy(MINE);
    return NULL;
}

static void run_child(uint64_t seed)
{
    const struct itimerval often = {{0, STOP_EVERY}, {0, STOP_EVERY}};
    const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    pthread_attr_t attributes;
    pthread_t thread;
    state = seed * 1000003 + (uint64_t)which;
    dup2(output, 1);
    dup2(output, 2);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    if (stack > 0) {
        sigset_t alarms;
        sigemptyset(&alarms);
        sigaddset(&alarms, SIGALRM);
        pthread_attr_init(&attributes);
        if (pthread_attr_setstacksize(&attributes, (size_t)stack << 10) != 0)
            wrong("no thread with this stack");
        pthread_sigmask(SIG_BLOCK, &alarms, NULL); /* the handler runs on the main thread, not on the small stack */
        if (pthread_create(&thread, &attributes, call_all, NULL) != 0)
            wrong("no thread with this stack");
        pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
        pthread_join(thread, NULL);
    } else {
        call_all(NULL);
    }
    _exit(0);
}

/* Waits WATCH seconds at most. */
static int end_of(pid_t child)
{
    int status = 0;
    for (int tick = 0; tick < WATCH * 100; tick++) {
        if (waitpid(child, &status, WNOHANG) == child)
            return status;
        usleep(10000);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return status;
}

static int failed(uint64_t seed)
{
    char said[4000] = "";
    *last = 0;
    if (ftruncate(output, 0) != 0 || lseek(output, 0, SEEK_SET) != 0)
        return 1;
    const pid_t child = fork();
    if (child == 0)
        run_child(seed);
    const int status = end_of(child);
    if (pread(output, said, sizeof said - 1, 0) < 0)
        return 1;
    if (status == 0 && *said == 0)
        return 0;
    printf("%s, seed %llu: %s%s\n  %s\n%s\n", functions[which].name, (unsigned long long)seed,
           status == 0           ? "the library printed"
           : WIFSIGNALED(status) ? strsignal(WTERMSIG(status))
                                 : "ends wrong",
           WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? " (too long)" : "", last, said);
    return 1;
}

/* ---- a second thread ------------------------------------------------------------------------------ */

static void *ask_setters(void *arg)
{
    *(int *)arg = busy_setters();
    return NULL;
}

static int32_t ask_in_another_thread(void *user, const deepid_event *event)
{
    pthread_t thread;
    (void)event;
    if (pthread_create(&thread, NULL, ask_setters, user) != 0 || pthread_join(thread, NULL) != 0)
        return 1;
    return 0;
}

static int busy(void)
{
    int bad = 1;
    make_all();
    if (deepid_trainer_fit(made[TRAINER], 1, ask_in_another_thread, &bad) != DEEPID_OK)
        printf("%s\n", deepid_ctx_error(MINE));
    clean_up(0);
    return bad;
}

int main(int argc, char **argv)
{
    last = mmap(NULL, NOTE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (argc > 1 && strcmp(argv[1], "busy") == 0)
        return busy();
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    FILE *file = tmpfile();
    if (!file)
        return 2;
    output = fileno(file);
    count = argc > 2 ? strtoll(argv[2], NULL, 10) : 10;
    stack = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;
    int bad = 0;
    for (which = 0; which < function_count; which++)
        if (argc < 5 || strcmp(argv[4], functions[which].name) == 0)
            bad += failed(seed);
    printf("%d functions, %lld calls each, seed %llu: %d went wrong\n", function_count, (long long)count,
           (unsigned long long)seed, bad);
    return bad != 0;
}
