/* SPDX-License-Identifier: MIT */
#include "pausemon/moment.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/out.h"
#include "common/progress.h"
#include "common/utf8.h"
#include "pausemon/history_print.h"
#include "pausemon/incidents.h"
#include "pausemon/table.h"

#define MINUTE_NS (INT64_C(60) * 1000000000)
#define MAX_EVENTS 64 /* that lie over one minute: they are seconds apart */
#define SHOWN 5       /* rogues of a sample */
#define LATE_NS (2 * MINUTE_NS)

struct moment {
    struct incidents incidents;
    int64_t now_ns, from_ns, to_ns;
    int json, is_titled, is_spaced; /* an empty line has just been printed */
    uint64_t limit;                 /* of samples, and one more; 0: all */
    uint64_t shown;                 /* of the list that is being printed */
    int64_t events[MAX_EVENTS];
    size_t event_count;
    int pause_count, sample_count, boxed_count;
    struct grid grid;
    struct progress progress;
    struct hours hour; /* the one that it lies in */
    int64_t oldest_ns; /* of which scores are kept; 0: none are */
    int is_hard;       /* a boot's end without shutdown touches it */
    int64_t last_alive_ns, noted_ns;
    struct pausemon_blackbox_info box; /* of which samples are told */
};

/* ---- pieces ---- */

static int is_inside(const struct moment *moment, int64_t ns)
{
    return ns >= moment->from_ns && ns < moment->to_ns;
}

/* Before the first that is printed for a person. */
static void print_title(struct moment *moment)
{
    char time[SAID_SIZE];

    if (moment->is_titled++ || moment->json)
        return;
    said_print(time, moment->from_ns / 1000000000);
    printf("%.10s %.5s (%s)\n", time, time + 11, time + 19);
}

static void print_between(struct moment *moment)
{
    if (moment->shown++)
        putchar(',');
}

/* Behind the array before it; a person sees a title when there is something. */
static void begin_array(struct moment *moment, const char *key)
{
    moment->shown = 0;
    if (moment->json)
        printf("%s\":[", key);
}

/* What a callback returned, as an exit code. A reader that has gone away is told by main. */
static int finish(struct moment *moment, int status, const struct pausemon_error *error)
{
    if (status == PAUSEMON_ERR_IO && ferror(stdout))
        return EXIT_OK;
    return status < 0 ? incidents_fail(&moment->incidents, error) : EXIT_OK;
}

/* ---- pauses and events ---- */

static int show_pause(void *user, const struct pausemon_pause *pause)
{
    struct moment *moment = user;
    const char *capture = pausemon_pause_get_info(pause)->forensics;

    moment->pause_count++;
    if (moment->json) {
        print_between(moment);
        return pausemon_json_encode_pause(pause, pausemon_write_file, stdout);
    }
    print_title(moment);
    putchar('\n');
    if (incidents_print_pause(pause) < 0)
        return PAUSEMON_ERR_NOMEM;
    if (capture[0]) {
        puts("\nCaptured in");
        incidents_print_capture(&moment->incidents, capture, 2);
    }
    return 0;
}

static int show_event(void *user, const struct pausemon_escalation *event)
{
    struct moment *moment = user;

    if (moment->event_count < MAX_EVENTS)
        moment->events[moment->event_count++] = event->id;
    if (!moment->json)
        return incidents_add_event(&moment->grid, event) < 0 ? PAUSEMON_ERR_NOMEM : 0;
    print_between(moment);
    return pausemon_json_encode_escalation(event, pausemon_write_file, stdout);
}

static int show_incidents(struct moment *moment)
{
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_error error;

    filter.since_ns = moment->from_ns;
    filter.until_ns = moment->to_ns;
    begin_array(moment, "\"pauses");
    int status =
        pausemon_history_pauses(moment->incidents.history, &filter, show_pause, moment, &error);
    begin_array(moment, "],\"events");
    grid_init(&moment->grid, incidents_event_columns);
    if (status >= 0)
        status =
            pausemon_history_events(moment->incidents.history, &filter, show_event, moment, &error);
    if (moment->grid.count) {
        print_title(moment);
        puts("\nEvents");
        grid_print(&moment->grid, 0);
    }
    grid_free(&moment->grid);
    return finish(moment, status, &error);
}

/* ---- samples ---- */

static int write_behind_brace(void *between, const char *bytes, size_t length)
{
    const size_t skipped = *(const char **)between != NULL && length > 0;

    if (length > 0)
        *(const char **)between = NULL;
    return pausemon_write_file(stdout, bytes + skipped, length - skipped);
}

static int print_sample(struct moment *moment, const struct pausemon_sample *sample, uint64_t tier)
{
    const struct pausemon_process *rogues[SHOWN];
    const char *brace = "{", *name = pausemon_tier_name(tier);
    size_t count = 0;

    if (moment->json) {
        print_between(moment);
        printf("{\"tier\":%" PRIu64 ",", tier);
        return pausemon_json_encode_sample(sample, write_behind_brace, &brace);
    }
    if (moment->limit && moment->shown + 1 >= moment->limit) {
        if (moment->shown + 1 == moment->limit)
            fprintf(stderr, "%s: there are more samples: -n 0 shows all\n",
                    moment->incidents.args->program);
        moment->shown = moment->limit;
        return 0;
    }
    moment->shown++;
    moment->is_spaced = 1;
    while (count < SHOWN && (rogues[count] = pausemon_sample_get_rogue(sample, count)))
        count++;
    printf("Tier %s, stress %" PRIu64 "\n", name ? name : "-",
           pausemon_sample_get_info(sample)->stress);
    return table_print(sample, rogues, count) < 0 ? PAUSEMON_ERR_NOMEM : 0;
}

static int show_sample(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    struct moment *moment = user;

    progress_step(&moment->progress);
    if (!is_inside(moment, pausemon_sample_get_info(sample)->time.realtime_ns))
        return 0;
    progress_end(&moment->progress);
    if (moment->sample_count++ == 0 && !moment->json)
        printf("\nSamples kept of that minute, with the first %d rogues of each\n\n", SHOWN);
    return print_sample(moment, sample, tier);
}

static int show_samples(struct moment *moment)
{
    struct pausemon_error error;
    int status = 0;

    begin_array(moment, "],\"samples");
    progress_begin(&moment->progress, "reading samples");
    for (size_t i = 0; i < moment->event_count && status >= 0; i++)
        status = pausemon_history_samples(moment->incidents.history, moment->events[i], show_sample,
                                          moment, &error);
    progress_end(&moment->progress);
    return finish(moment, status, &error);
}

/* ---- the black boxes ---- */

static int show_boxed(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    struct moment *moment = user;

    if (!is_inside(moment, pausemon_sample_get_info(sample)->time.realtime_ns))
        return 0;
    print_title(moment);
    if (moment->boxed_count++ == 0 && !moment->json && moment->sample_count == 0)
        printf("\nSamples of that minute in the black box, with the first %d rogues of each\n\n",
               SHOWN);
    return moment->json || moment->sample_count == 0 ? print_sample(moment, sample, tier) : 0;
}

/* What cannot be read is told; it is no reason to keep the rest back. */
static void read_box(struct moment *moment, const char *path)
{
    struct pausemon_blackbox_info info = {.size = sizeof info};
    struct pausemon_error error;
    const int status =
        pausemon_blackbox_read(path, &info, show_boxed, moment, &moment->incidents.host, &error);

    if (status < 0 && status != PAUSEMON_ERR_NOT_FOUND && status != PAUSEMON_ERR_UNSUPPORTED &&
        !ferror(stdout))
        args_fail(moment->incidents.args->program, 0, "the black box: %s", error.text);
    if (status >= 0 && info.end == PAUSEMON_BLACKBOX_HARD && is_inside(moment, info.last_ns))
        moment->box = info;
}

static void print_about_boxes(struct moment *moment)
{
    char time[INCIDENT_TIME_SIZE];

    if (moment->sample_count && moment->boxed_count) {
        printf("The black box holds %d samples of that minute too (--json shows them).\n",
               moment->boxed_count);
        moment->is_spaced = 0;
    }
    if (moment->box.size) {
        print_title(moment);
        incidents_time(time, moment->box.last_ns);
        printf("The boot of that black box ended without shutdown; its last sample is of %s.\n",
               time);
        moment->is_spaced = 0;
    }
}

static void show_boxes(struct moment *moment)
{
    char path[PLACE_SIZE + 8];

    begin_array(moment, "],\"blackbox");
    snprintf(path, sizeof path, "%s.last", moment->incidents.place.blackbox);
    read_box(moment, path);
    read_box(moment, moment->incidents.place.blackbox);
    if (!moment->json)
        print_about_boxes(moment);
}

/* ---- the hour, and the end of its boot ---- */

static int keep_oldest(void *user, const struct pausemon_history_hour *hour)
{
    *(int64_t *)user = hour->start_ns;
    return PAUSEMON_ERR_END;
}

/* Scores of the hour, the oldest that there are, and an end without shutdown. */
static int read_around(struct moment *moment)
{
    struct pausemon_history *const history = moment->incidents.history;
    struct pausemon_error error;

    if (!history)
        return EXIT_OK;
    int status = hours_read(&moment->hour, history, &error);
    if (status >= 0)
        status = pausemon_history_hours(history, 0, 0, keep_oldest, &moment->oldest_ns, &error);
    if (status >= 0 || status == PAUSEMON_ERR_END)
        status =
            pausemon_history_hard_end(history, &moment->last_alive_ns, &moment->noted_ns, &error);
    moment->is_hard =
        status > 0 && moment->last_alive_ns < moment->to_ns && moment->noted_ns >= moment->from_ns;
    return status < 0 ? incidents_fail(&moment->incidents, &error) : EXIT_OK;
}

static void print_instant(const char *before, int64_t realtime_ns)
{
    char text[SAID_SIZE];

    said_print(text, realtime_ns / 1000000000);
    printf("%s\"%s\"", before, text);
}

static void print_hard_end(struct moment *moment)
{
    char alive[INCIDENT_TIME_SIZE], noted[INCIDENT_TIME_SIZE];

    print_title(moment);
    incidents_time(alive, moment->last_alive_ns);
    incidents_time(noted, moment->noted_ns);
    printf("\nThe boot of that time ended without shutdown: last alive %s,\n"
           "noted by the start after it, %s.\n",
           alive, noted);
}

static void print_around(struct moment *moment)
{
    const struct hour *hour = &moment->hour.list[0];

    if (moment->json) {
        printf("],\"hour\":");
        history_print_json(hour);
        printf(",\"hard_end\":%s", moment->is_hard ? "" : "null");
        if (moment->is_hard) {
            print_instant("{\"last_alive\":", moment->last_alive_ns);
            print_instant(",\"noted\":", moment->noted_ns);
            putchar('}');
        }
        return;
    }
    if (hour_is_known(hour)) {
        print_title(moment);
        puts(moment->is_spaced ? "Its hour" : "\nIts hour");
        history_print_hour(hour);
    }
    if (moment->is_hard)
        print_hard_end(moment);
}

/* ---- what it comes to ---- */

enum kept { KEPT_NOTHING = 0, KEPT_SCORES = 1, KEPT_SAMPLES = 2, KEPT_INCIDENT = 3 };

static enum kept what_is_kept(const struct moment *moment)
{
    return moment->pause_count || moment->event_count ? KEPT_INCIDENT
           : moment->boxed_count                      ? KEPT_SAMPLES
           : hour_is_known(&moment->hour.list[0])     ? KEPT_SCORES
                                                      : KEPT_NOTHING;
}

/* Why there is no more than that. */
static void explain(const struct moment *moment, char *text, size_t size)
{
    char time[INCIDENT_TIME_SIZE];

    incidents_time(time, moment->oldest_ns);
    if (moment->from_ns > moment->now_ns)
        snprintf(text, size, "it is still to come");
    else if (what_is_kept(moment) != KEPT_NOTHING)
        snprintf(text, size,
                 "no event and no pause lay over it, and between them only scores are "
                 "kept, hour by hour");
    else if (moment->is_hard)
        snprintf(text, size, "the boot had ended without shutdown");
    else if (moment->now_ns - moment->from_ns < LATE_NS)
        snprintf(text, size,
                 "no daemon runs, or it has not written yet: it writes scores every "
                 "20 seconds");
    else if (moment->oldest_ns == 0)
        snprintf(text, size, "no scores are kept at all");
    else if (moment->to_ns <= moment->oldest_ns)
        snprintf(text, size,
                 "scores are kept from %s on: before, no daemon ran, or retention has "
                 "cut what it kept",
                 time);
    else
        snprintf(text, size,
                 "no daemon ran then, or it could not write (scores are kept from %s "
                 "on)",
                 time);
}

static int conclude(struct moment *moment)
{
    static const char *const names[] = {"nothing", "scores", "samples", "incident"};
    const enum kept kept = what_is_kept(moment);
    char why[256];

    explain(moment, why, sizeof why);
    if (moment->json) {
        printf(",\"kept\":\"%s\",\"why\":", names[kept]);
        if (kept == KEPT_INCIDENT)
            printf("null");
        else
            out_json_text(why);
        puts("}");
    }
    const int is_nothing = kept == KEPT_NOTHING && !moment->is_hard && !moment->box.size;
    if (is_nothing && !moment->incidents.history)
        return EXIT_NOTHING; /* it has been said that there is no database */
    if (is_nothing)
        return args_fail(moment->incidents.args->program, EXIT_NOTHING,
                         "nothing is known of that minute: %s", why);
    if (!moment->json && kept != KEPT_INCIDENT)
        printf("\n%s is kept of that minute: %s.\n", kept == KEPT_NOTHING ? "Nothing" : "No more",
               why);
    return EXIT_OK;
}

/* ---- all of it ---- */

static int tell(struct moment *moment, int code)
{
    if (moment->json) {
        print_instant("{\"at\":{\"start\":", moment->from_ns);
        print_instant(",\"end\":", moment->to_ns);
        printf("},");
    }
    if (code == EXIT_OK)
        code = show_incidents(moment);
    else if (moment->json)
        printf("\"pauses\":[],\"events\":[");
    if (code == EXIT_OK || code == EXIT_NOTHING) {
        const int samples = show_samples(moment);
        code = samples == EXIT_OK ? code : samples;
    }
    if (code == EXIT_OK || code == EXIT_NOTHING) {
        show_boxes(moment);
        print_around(moment);
        code = conclude(moment);
    }
    return code;
}

/* The minute in which that moment lies. 0 or EXIT_USAGE. */
static int read_time(struct moment *moment, const struct args *args)
{
    const char *text = args_get(args, "at");
    char other[SAID_SIZE], clean[80];
    struct said when;

    const int status = said_read(text, (int64_t)time(NULL), &when);
    utf8_clean(clean, sizeof clean, text);
    if (status == SAID_UNKNOWN)
        return args_fail(args->program, EXIT_USAGE, "--at: \"%s\" is no time: " SAID_FORMS, clean);
    if (status < 0)
        return args_fail(args->program, EXIT_USAGE,
                         "--at: there was no \"%s\" here: no such day, or the clocks were set "
                         "forward over it",
                         clean);
    if (when.other >= 0) {
        said_print(other, when.other);
        fprintf(stderr, "%s: that time came twice; this is the first, the second is --at %s\n",
                args->program, other);
    }
    moment->from_ns = (when.second - when.second % 60) * 1000000000;
    moment->to_ns = moment->from_ns + MINUTE_NS;
    moment->now_ns = (int64_t)time(NULL) * 1000000000;
    return 0;
}

int moment_run(const struct args *args, uint64_t limit, int json)
{
    struct moment moment = {.limit = limit, .json = json};

    if (read_time(&moment, args))
        return EXIT_USAGE;
    if (hours_new(&moment.hour, moment.from_ns, 1) < 0)
        return args_fail(args->program, EXIT_ERROR, "out of memory");
    int code = incidents_open(&moment.incidents, args);
    if (code == EXIT_OK)
        code = read_around(&moment);
    if (code == EXIT_OK || code == EXIT_NOTHING)
        code = tell(&moment, code);
    hours_free(&moment.hour);
    incidents_close(&moment.incidents);
    return code;
}
