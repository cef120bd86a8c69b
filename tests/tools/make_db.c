/* SPDX-License-Identifier: MIT */
/* make_db FILE: an incident database through the public API: two escalations of a made-up source,
 * one of them reviewed. make_db --look FILE: opens it for writing and for reading, and says what
 * is in it, a line an event: "id status samples notes". */
#include <pausemon/pausemon.h>
#include <stdio.h>
#include <string.h>

static const char script[] = "..!!..!!!...";

static int play(void *self, struct pausemon_sink *sink, struct pausemon_error *error)
{
    const char **at = self;
    struct pausemon_row row = PAUSEMON_ROW_INIT;

    (void)error;
    if (!**at)
        return PAUSEMON_ERR_END;
    row.pid = 7;
    row.ppid = 1;
    row.have = PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS | PAUSEMON_HAVE_PPID;
    row.state = PAUSEMON_STATE_RUNNING;
    row.mem = **at == '!' ? UINT64_C(8) << 30 : 1;
    row.cmprs = **at == '!' ? UINT64_C(1) << 30 : 1;
    snprintf(row.command, sizeof row.command, "hog \"%c\"", **at);
    ++*at;
    pausemon_sink_put(sink, &row);
    return PAUSEMON_LOOK_COMPLETE;
}

static void tick(void *user, struct pausemon_instant *now)
{
    int64_t *ns = user;

    *ns += 10000000; /* time goes on each time it is looked at */
    *now = (struct pausemon_instant){*ns, *ns, INT64_C(1769198400123456000) + *ns, -8 * 3600};
}

static int fail(const struct pausemon_error *error)
{
    fprintf(stderr, "make_db: %s\n", error->text);
    return 1;
}

static int make(const char *path)
{
    struct pausemon_host host = PAUSEMON_HOST_INIT;
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_monitor *monitor;
    struct pausemon_storage *storage;
    struct pausemon_error error;
    const char *at = script;
    int64_t ns = 0;

    host.user = &ns;
    host.now = tick;
    ops.read = play;
    if (pausemon_config_new(&config, &host, NULL) < 0 ||
        pausemon_config_set(config, "tiers.hold_ms", "0", &error) < 0 ||
        pausemon_config_set(config, "tiers.elevated_threshold", "12", &error) < 0 ||
        pausemon_config_set(config, "tiers.critical_threshold", "20", &error) < 0 ||
        pausemon_source_new(&source, "play", &ops, &at, &host, NULL) < 0 ||
        pausemon_monitor_new(&monitor, config, source, &host, &error) < 0 ||
        pausemon_storage_open(&storage, path, NULL, &host, &error) < 0 ||
        pausemon_storage_attach(storage, monitor, &error) < 0)
        return fail(&error);
    while (pausemon_monitor_feed(monitor) > 0)
        if (pausemon_storage_flush(storage, &error) < 0)
            return fail(&error);
    pausemon_monitor_free(monitor);
    if (pausemon_storage_finish(storage, &error) < 0)
        return fail(&error);
    pausemon_storage_free(storage);
    pausemon_source_free(source);
    pausemon_config_free(config);
    return 0;
}

static int show(void *user, const struct pausemon_escalation *escalation)
{
    (void)user;
    printf("%lld %s %llu %s\n", (long long)escalation->id, pausemon_review_name(escalation->review),
           (unsigned long long)escalation->sample_count,
           escalation->notes ? escalation->notes : "-");
    return 0;
}

static int look(const char *path)
{
    struct pausemon_storage *storage;
    struct pausemon_history *history;
    struct pausemon_error error;

    if (pausemon_storage_open(&storage, path, NULL, NULL, &error) < 0 ||
        pausemon_storage_flush(storage, &error) < 0 ||
        pausemon_history_open(&history, path, NULL, &error) < 0 ||
        pausemon_history_events(history, NULL, show, NULL, &error) < 0)
        return fail(&error);
    pausemon_history_free(history);
    pausemon_storage_free(storage);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return make(argv[1]);
    if (argc == 3 && strcmp(argv[1], "--look") == 0)
        return look(argv[2]);
    fprintf(stderr, "usage: make_db [--look] FILE\n");
    return 2;
}
