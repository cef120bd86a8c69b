/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/args.h"
#include "common/out.h"
#include "common/programs.h"
#include "pausemond/daemon.h"
#include "pausemond/loop.h"
#include "pausemond/settings.h"
#include "pausemond/signals.h"
#include "pausemond/store.h"
#include "pausemond/stream.h"

#define PROGRAM "pausemond"
#define GUARD_PRIORITY 80

static void print_help(void)
{
    puts("Usage: pausemond [OPTION…]\n\n"
         "Watches this machine, keeps what happens, tells it to who connects. Stays in the\n"
         "foreground; SIGTERM ends it, SIGHUP reads the configuration anew, SIGUSR1 captures\n"
         "evidence now.\n\nOptions:");
    args_print_options(program_daemon_options);
}

/* ---- the parts, in the order in which they start ---- */

/* Before anything is made. */
static int find_place(struct daemon *daemon, const char *given)
{
    struct place *place = &daemon->home.place;

    if (given && !given[0])
        return log_fail(&daemon->log, "--data-dir: a directory is needed");
    if (place_data(given, daemon->is_system, place) < 0)
        return log_fail(&daemon->log, "%s",
                        given
                            ? "--data-dir: the path is too long"
                            : "no place for data (is HOME set?): name a directory with --data-dir");
    return listener_refuses(place->socket, &daemon->log) ? -1 : 0;
}

static int open_source(struct daemon *daemon, const struct args *args)
{
    const char *spec = args_get(args, "source");
    struct pausemon_error error;

    if (!spec)
        spec = pausemon_config_get_text(daemon->config, "monitor.source");
    if (pausemon_source_open(&daemon->source, spec, &daemon->host, &error) < 0 ||
        pausemon_monitor_new(&daemon->monitor, daemon->config, daemon->source, &daemon->host,
                             &error) < 0)
        return log_fail(&daemon->log, "%s", error.text);
    return 0;
}

/* Without it pauses are seen by the looks alone: worse, but not nothing. */
static void start_heartbeat(struct daemon *daemon)
{
    struct pausemon_heartbeat_options wishes = PAUSEMON_HEARTBEAT_OPTIONS_INIT;
    struct pausemon_heartbeat_info info = {.size = sizeof info};
    struct pausemon_error error;
    int64_t is_wanted = 0;

    pausemon_config_get_number(daemon->config, "heartbeat.enabled", &is_wanted);
    if (!is_wanted)
        return;
    wishes.guard_priority = GUARD_PRIORITY;
    wishes.lend_priority = 1;
    wishes.witness = 1;
    if (pausemon_heartbeat_start(&daemon->heartbeat, daemon->monitor, daemon->config, &wishes,
                                 &error) < 0) {
        log_say(&daemon->log, PAUSEMON_LOG_WARNING, "goes on without a heartbeat: %s", error.text);
        return;
    }
    pausemon_heartbeat_get_info(daemon->heartbeat, &info);
    if (info.guard_priority == 0)
        log_say_os(&daemon->log, PAUSEMON_LOG_INFO, (int)info.priority_errno,
                   "the heartbeat's guard runs at ordinary priority (CAP_SYS_NICE)");
}

static int start(struct daemon *daemon, const struct args *args)
{
    struct log *log = &daemon->log;

    daemon->writer.log = log;
    daemon->writer.config_path = daemon->config_path;
    daemon->writer.is_system = daemon->is_system;
    daemon->writer.evidence = &daemon->evidence;
    daemon->writer.metrics = &daemon->metrics;
    daemon->evidence.log = log;
    if (signals_open(log) < 0 || find_place(daemon, args_get(args, "data-dir")) < 0)
        return -1;
    daemon->config = settings_load(daemon->config_path, daemon->is_system);
    if (!daemon->config || home_open(&daemon->home, daemon->config, log) < 0 ||
        open_source(daemon, args) < 0 || store_open(daemon) < 0)
        return -1;
    evidence_open(&daemon->evidence, &daemon->home.place, daemon->home.group, daemon->config,
                  daemon->monitor, &daemon->host);
    daemon->server.greet = stream_greet;
    daemon->server.user = daemon;
    status_begin(&daemon->status);
    int status = stream_attach(daemon);
    if (status < 0)
        return log_fail(log, "%s", pausemon_status_text(status));
    if (server_open(&daemon->server, daemon->home.place.socket, daemon->home.group, log) < 0)
        return -1;
    if (writer_start(&daemon->writer, daemon->config, signals_writing()) < 0)
        return -1;
    start_heartbeat(daemon);
    if (notify_open(&daemon->notify) < 0)
        log_say(log, PAUSEMON_LOG_WARNING, "NOTIFY_SOCKET is set and cannot be reached");
    return 0;
}

/* ---- the end ---- */

static int end(struct daemon *daemon)
{
    notify_send(&daemon->notify, "STOPPING=1");
    pausemon_heartbeat_stop(daemon->heartbeat);
    pausemon_monitor_free(daemon->monitor);
    pausemon_source_free(daemon->source);
    int status = loop_finish(daemon);
    server_close(&daemon->server);
    home_close(&daemon->home, &daemon->log);
    notify_close(&daemon->notify);
    if (status < 0) /* the writer still has the storage in its hands */
        _exit(EXIT_ERROR);
    pausemon_storage_free(daemon->storage);
    evidence_free(&daemon->evidence);
    pausemon_config_free(daemon->config);
    log_close(&daemon->log);
    return EXIT_OK;
}

static int run(const struct args *args)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);

    if (!daemon)
        return args_fail(PROGRAM, EXIT_ERROR, "out of memory");
    log_open(&daemon->log);
    log_host(&daemon->log, &daemon->host);
    daemon->notify.fd = daemon->server.listener.fd = daemon->home.lock_fd = -1;
    daemon->home.group = -1;
    daemon->disk = "off";
    daemon->config_path = args_get(args, "config");
    daemon->is_system = args_get(args, "system") != NULL;
    int is_started = start(daemon, args) == 0;
    if (is_started) {
        log_say(&daemon->log, PAUSEMON_LOG_INFO, "version %s, source %s, data in \"%s\"",
                pausemon_version(), pausemon_source_get_name(daemon->source),
                daemon->home.place.directory);
        loop_run(daemon);
    }
    int code = end(daemon);
    free(daemon);
    return is_started ? code : EXIT_ERROR;
}

/* A descriptor below 3 that is closed would become the database's, and log lines its content. */
static int fill_standard(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    struct args args = {.program = PROGRAM, .options = program_daemon_options};

    umask(077);
    if (fill_standard() < 0)
        return EXIT_ERROR;
    if (args_parse(&args, argc - 1, argv + 1) < 0)
        return EXIT_USAGE;
    if (args.operand_count)
        return args_fail(PROGRAM, EXIT_USAGE, "unexpected \"%s\" (see --help)", args.operands[0]);
    if (args_get(&args, "help"))
        print_help();
    else if (args_get(&args, "version"))
        printf("pausemond %s\n", pausemon_version());
    else
        return run(&args);
    return out_finish(PROGRAM, stdout) < 0 ? EXIT_ERROR : EXIT_OK;
}
