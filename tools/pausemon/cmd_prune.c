/* SPDX-License-Identifier: MIT */
/* Retention by hand. What goes is gathered first and printed afterwards: the database is not locked
 * while somebody reads. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/out.h"
#include "pausemon/commands.h"
#include "pausemon/incidents.h"

struct prune {
    struct incidents incidents; /* its history is closed */
    struct pausemon_config *config;
    struct pausemon_storage *storage;
    struct grid grid;
    FILE *json; /* into `text` */
    char *text;
    size_t length;
    int events, captures, failed; /* failed: no memory for the list */
    uint64_t bytes, pauses, hours;
};

static const struct grid_column columns[] = {{"WHAT", 1}, {"ID", 1},    {"TIME", 1}, {"STATUS", 1},
                                             {"WHY", 1},  {"BYTES", 0}, {NULL, 0}};

static const char *why_name(uint64_t why)
{
    return why == PAUSEMON_REMOVAL_AGE     ? "age"
           : why == PAUSEMON_REMOVAL_SIZE  ? "size"
           : why == PAUSEMON_REMOVAL_STRAY ? "stray"
                                           : "-";
}

/* ---- the list ---- */

static int add_event(struct prune *prune, const struct pausemon_escalation *event, const char *why)
{
    const char *review = pausemon_review_name(event->review);
    char time[INCIDENT_TIME_SIZE];

    incidents_time(time, event->start.realtime_ns);
    return grid_add_text(&prune->grid, "event") < 0 ||
                   grid_add_format(&prune->grid, "%" PRId64, event->id) < 0 ||
                   grid_add_text(&prune->grid, time) < 0 ||
                   grid_add_text(&prune->grid, review ? review : "-") < 0 ||
                   grid_add_text(&prune->grid, why) < 0 || grid_add_text(&prune->grid, "-") < 0
               ? -1
               : 0;
}

/* Its name is its time. */
static int add_capture(struct prune *prune, const struct pausemon_removal *removal, const char *why)
{
    return grid_add_text(&prune->grid, "capture") < 0 ||
                   grid_add_text(&prune->grid, removal->capture) < 0 ||
                   grid_add_text(&prune->grid, "-") < 0 || grid_add_text(&prune->grid, "-") < 0 ||
                   grid_add_text(&prune->grid, why) < 0 ||
                   grid_add_format(&prune->grid, "%" PRIu64, removal->bytes) < 0
               ? -1
               : 0;
}

static void add_json(struct prune *prune, const struct pausemon_removal *removal, const char *why)
{
    fprintf(prune->json,
            "%s{\"why\":\"%s\",\"event\":", prune->events + prune->captures > 1 ? "," : "", why);
    if (removal->escalation)
        pausemon_json_encode_escalation(removal->escalation, pausemon_write_file, prune->json);
    else
        fputs("null", prune->json);
    if (removal->capture) /* digits only */
        fprintf(prune->json, ",\"capture\":\"%s\"", removal->capture);
    else
        fputs(",\"capture\":null", prune->json);
    fprintf(prune->json, ",\"bytes\":%" PRIu64 "}", removal->bytes);
}

static void note_gone(void *user, const struct pausemon_removal *removal)
{
    struct prune *prune = user;
    const char *why = why_name(removal->why);
    int status = 0;

    prune->pauses += removal->pauses;
    prune->hours += removal->hours;
    if (!removal->escalation && !removal->capture)
        return;
    prune->events += removal->escalation != NULL;
    prune->captures += removal->capture != NULL;
    prune->bytes += removal->bytes;
    if (prune->incidents.json)
        add_json(prune, removal, why);
    else if (removal->escalation)
        status = add_event(prune, removal->escalation, why);
    else
        status = add_capture(prune, removal, why);
    prune->failed |= status < 0;
}

static int has_any(const struct prune *prune)
{
    return prune->events + prune->captures > 0 || prune->pauses || prune->hours;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_count(const struct prune *prune, const char *what_they_did)
{
    printf("%d event%s and %d capture%s %s, %.1f MiB of evidence.\n", prune->events,
           plural((uint64_t)prune->events), prune->captures, plural((uint64_t)prune->captures),
           what_they_did, (double)prune->bytes / 1048576);
    if (prune->pauses || prune->hours)
        printf("%" PRIu64 " pause%s and %" PRIu64 " hour%s of scores %s.\n", prune->pauses,
               plural(prune->pauses), prune->hours, plural(prune->hours), what_they_did);
}

static void print_list(struct prune *prune, int dry, const char *what_they_did)
{
    if (prune->incidents.json) {
        fflush(prune->json);
        printf("{\"removed\":[%s],\"bytes\":%" PRIu64 ",\"pauses\":%" PRIu64 ",\"hours\":%" PRIu64
               ",\"dry_run\":%s}\n",
               prune->text, prune->bytes, prune->pauses, prune->hours, dry ? "true" : "false");
        return;
    }
    if (!has_any(prune)) {
        puts("Nothing has to go.");
        return;
    }
    if (prune->events + prune->captures > 0) {
        grid_print(&prune->grid, 0);
        puts("");
    }
    print_count(prune, what_they_did);
}

/* ---- one run ---- */

static void forget_list(struct prune *prune)
{
    grid_free(&prune->grid);
    grid_init(&prune->grid, columns);
    prune->events = prune->captures = 0;
    prune->bytes = prune->pauses = prune->hours = 0;
}

/* An exit code; what failed is told. */
static int run_once(struct prune *prune, int dry)
{
    struct pausemon_retention how = PAUSEMON_RETENTION_INIT;
    struct pausemon_error error;

    how.evidence = prune->incidents.place.evidence;
    how.dry_run = (uint64_t)dry;
    how.user = prune;
    how.gone = note_gone;
    int went = pausemon_storage_prune(prune->storage, prune->config, &how, &error);
    if (went < 0)
        return incidents_fail(&prune->incidents, &error);
    if (prune->failed)
        return args_fail(prune->incidents.args->program, EXIT_ERROR, "out of memory");
    /* What stays although it should go has been told by the library. */
    return went < prune->events + prune->captures ? EXIT_ERROR : EXIT_OK;
}

static int list(struct prune *prune, int dry)
{
    int code = run_once(prune, dry);

    if (code == EXIT_OK || has_any(prune) || prune->incidents.json)
        print_list(prune, dry, dry ? "would go" : code == EXIT_OK ? "went" : "were to go");
    return code;
}

static int says_yes(void)
{
    char line[16] = "";

    fflush(stdout);
    fputs("remove these? [y/N] ", stderr);
    return fgets(line, sizeof line, stdin) &&
           (strcmp(line, "y\n") == 0 || strcmp(line, "Y\n") == 0 || strcmp(line, "yes\n") == 0);
}

static int ask_and_remove(struct prune *prune)
{
    int code = list(prune, 1);

    if (code != EXIT_OK || !has_any(prune))
        return code;
    if (!says_yes()) {
        fprintf(stderr, "%s: nothing was removed\n", prune->incidents.args->program);
        return EXIT_OK;
    }
    forget_list(prune);
    code = run_once(prune, 0);
    if (code == EXIT_OK)
        print_count(prune, "went");
    return code;
}

/* ---- opening ---- */

/* As a reader first, and keeping what turns out to be broken later: a file that is missing, broken
 * or foreign is not for us to make, or to move aside. The rights of the file stay as they are: a
 * group that may use it keeps that. */
static int open_storage(struct prune *prune, const struct args *args)
{
    struct pausemon_storage_options wishes = PAUSEMON_STORAGE_OPTIONS_INIT;
    struct incidents *incidents = &prune->incidents;
    struct pausemon_error error;
    struct stat info;

    int code = incidents_open(incidents, args);
    incidents_close(incidents);
    incidents->history = NULL;
    if (code != EXIT_OK)
        return code;
    if (access(incidents->place.database, W_OK) != 0 ||
        (access(incidents->place.evidence, W_OK) != 0 && errno != ENOENT))
        return args_fail_os(args->program, EXIT_ERROR, errno,
                            "%s: only the user whose daemon records there, or root, may remove",
                            incidents->place.directory);
    if (stat(incidents->place.database, &info) == 0 && info.st_mode & S_IWGRP)
        wishes.group = (int64_t)info.st_gid;
    wishes.keep = 1;
    int status = pausemon_storage_open(&prune->storage, incidents->place.database, &wishes,
                                       &incidents->host, &error);
    return status < 0 ? incidents_fail(incidents, &error) : EXIT_OK;
}

static int read_config(struct prune *prune, const struct args *args)
{
    int64_t days = 0;

    if (args_get_number(args, "events-days", 1000, INT64_C(3650) * 1000, &days) < 0)
        return EXIT_USAGE;
    if (days % 1000 != 0)
        return args_fail(args->program, EXIT_USAGE, "--events-days: \"%s\" is no whole number",
                         args_get(args, "events-days"));
    prune->config = place_load_config(args->program, args_get(args, "config"));
    if (!prune->config)
        return EXIT_ERROR;
    if (days) {
        char text[24];
        snprintf(text, sizeof text, "%" PRId64, days / 1000);
        pausemon_config_set(prune->config, "retention.events_days", text, NULL);
    }
    return EXIT_OK;
}

static int start(struct prune *prune, const struct args *args)
{
    int code = read_config(prune, args);

    if (code == EXIT_OK)
        code = open_storage(prune, args);
    if (code == EXIT_OK && !(prune->json = open_memstream(&prune->text, &prune->length)))
        code = args_fail(args->program, EXIT_ERROR, "out of memory");
    return code;
}

static int run_prune(const struct args *args)
{
    struct prune prune = {.config = NULL};
    const int dry = args_get(args, "dry-run") != NULL, force = args_get(args, "force") != NULL;
    const int asks = !dry && !force;

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    if (asks && (args_get(args, "json") || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)))
        return args_fail(args->program, EXIT_USAGE,
                         "nobody can be asked here: --force removes, --dry-run only lists");
    grid_init(&prune.grid, columns);
    int code = start(&prune, args);
    if (code == EXIT_OK)
        code = asks ? ask_and_remove(&prune) : list(&prune, dry);
    if (prune.json)
        fclose(prune.json);
    free(prune.text);
    grid_free(&prune.grid);
    pausemon_storage_free(prune.storage);
    pausemon_config_free(prune.config);
    return code;
}

static const struct arg_option options[] = {
    {"events-days", 0, "N", "reviewed and dismissed events go after N days"},
    {"dry-run", 0, NULL, "only list what would go"},
    {"force", 'f', NULL, "do not ask"},
    {"data-dir", 0, "DIR", "the daemon's data directory instead of the one in force"},
    {"config", 0, "FILE", "this configuration instead of the one in force"},
    {"json", 0, NULL, "one JSON document"},
    {NULL, 0, NULL, NULL},
};

const struct command command_prune = {
    .name = "prune",
    .help = "remove what the retention settings no longer allow",
    .more =
        "Events that were reviewed or dismissed go by age with their evidence; over a size the\n"
        "oldest go, those nobody has looked at last; pinned ones never. The daemon does it\n"
        "daily. Exit code 4: nothing was ever recorded.\n",
    .options = options,
    .run = run_prune,
};
