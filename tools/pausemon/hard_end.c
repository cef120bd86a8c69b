/* SPDX-License-Identifier: MIT */
#include "pausemon/hard_end.h"

#include <inttypes.h>
#include <string.h>

#include "common/files.h"
#include "common/out.h"
#include "common/said.h"
#include "pausemon/table.h"

/* The black box is of the boot that the database speaks of if its last sample is not older than
 * this before the last sign of life there. */
#define SAME_NS (INT64_C(300) * 1000000000)

#define SHOWN 3 /* rogues of the last sample */

void hard_end_init(struct hard_end *hard_end, const struct incidents *incidents)
{
    memset(hard_end, 0, sizeof *hard_end);
    hard_end->program = incidents->args->program;
    hard_end->host = incidents->host;
}

void hard_end_free(struct hard_end *hard_end)
{
    pausemon_sample_free(hard_end->last);
}

int hard_end_is_found(const struct hard_end *hard_end)
{
    return hard_end->is_noted || hard_end->has_box;
}

/* ---- finding ---- */

int hard_end_find_noted(struct hard_end *hard_end, const struct incidents *incidents,
                        int64_t newest_ns)
{
    struct pausemon_error error;
    const int status = pausemon_history_hard_end(incidents->history, &hard_end->last_alive_ns,
                                                 &hard_end->noted_ns, &error);

    if (status < 0)
        return incidents_fail(incidents, &error);
    /* A pause that came after it is what somebody asks about now. */
    hard_end->is_noted = status > 0 && newest_ns <= hard_end->noted_ns;
    return EXIT_OK;
}

struct keeping {
    struct pausemon_sample *sample;
    uint64_t tier;
};

static int keep(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    struct keeping *keeping = user;

    pausemon_sample_copy(keeping->sample, sample);
    keeping->tier = tier;
    return 0;
}

/* 1: there is one; 0: there is none, or it cannot be read, which is told. */
static int read_box(const struct hard_end *hard_end, const char *path,
                    struct pausemon_blackbox_info *info, struct keeping *keeping)
{
    struct pausemon_error error;

    *info = (struct pausemon_blackbox_info){.size = sizeof *info};
    const int status =
        pausemon_blackbox_read(path, info, keeping ? keep : NULL, keeping, &hard_end->host, &error);
    if (status >= 0)
        return 1;
    if (status != PAUSEMON_ERR_NOT_FOUND && status != PAUSEMON_ERR_UNSUPPORTED)
        args_fail(hard_end->program, 0, "the black box: %s", error.text);
    return 0;
}

static int find_last(struct hard_end *hard_end, const struct place *place, int64_t newest_ns)
{
    struct keeping keeping = {NULL, 0};

    snprintf(hard_end->path, sizeof hard_end->path, "%s.last", place->blackbox);
    if (pausemon_sample_new(&keeping.sample, &hard_end->host, NULL) < 0)
        return -1;
    if (read_box(hard_end, hard_end->path, &hard_end->box, &keeping) &&
        hard_end->box.end == PAUSEMON_BLACKBOX_HARD) {
        hard_end->box_ns = hard_end->box.samples ? hard_end->box.last_ns : hard_end->box.begin_ns;
        hard_end->has_box = hard_end->is_noted
                                ? hard_end->box_ns >= hard_end->last_alive_ns - SAME_NS
                                : hard_end->box_ns > newest_ns;
    }
    if (hard_end->has_box && hard_end->box.samples > 0) {
        hard_end->last = keeping.sample;
        hard_end->tier = keeping.tier;
    } else {
        pausemon_sample_free(keeping.sample);
    }
    return 0;
}

int hard_end_find_boxes(struct hard_end *hard_end, const struct place *place, int64_t newest_ns)
{
    struct pausemon_blackbox_info info;
    pid_t pid;

    if (read_box(hard_end, place->blackbox, &info, NULL) && info.end == PAUSEMON_BLACKBOX_RUNS &&
        files_lock_holder(place->lock, &pid) == 0) {
        hard_end->is_killed = 1;
        hard_end->killed_last_ns = info.last_ns;
    }
    return find_last(hard_end, place, newest_ns);
}

/* ---- for a person ---- */

static int print_last(const struct hard_end *hard_end)
{
    const struct pausemon_process *rogues[SHOWN];
    const struct pausemon_sample_info *info = pausemon_sample_get_info(hard_end->last);
    const char *tier = pausemon_tier_name(hard_end->tier);
    char time[INCIDENT_TIME_SIZE];
    size_t count = 0;

    incidents_time(time, info->time.realtime_ns);
    printf("Its last sample, %s: stress %" PRIu64 ", tier %s.\n", time, info->stress,
           tier ? tier : "-");
    while (count < SHOWN && (rogues[count] = pausemon_sample_get_rogue(hard_end->last, count)))
        count++;
    return table_print(hard_end->last, rogues, count);
}

static void print_about(const struct pausemon_blackbox_info *box)
{
    char worst[PAUSEMON_DURATION_SIZE];

    if (box->beats) {
        pausemon_duration_text(worst, box->worst_beat_ns);
        printf("The heartbeat: %" PRIu64 " of %" PRIu64 " beats were late, the latest by %s.\n",
               box->late_beats, box->beats, worst);
    }
    printf("The black box holds %" PRIu64 " samples before it (--json shows them)",
           box->samples - 1);
    if (box->torn)
        printf("; %" PRIu64 " torn, not to be read", box->torn);
    if (box->stale)
        printf("; %" PRIu64 " stale, not to be trusted", box->stale);
    if (box->lost)
        printf("; %" PRIu64 " were not written in time", box->lost);
    puts(".");
}

int hard_end_print(const struct hard_end *hard_end, int more)
{
    char alive[INCIDENT_TIME_SIZE], at[INCIDENT_TIME_SIZE];
    int status = 0;

    if (hard_end->is_noted) {
        incidents_time(at, hard_end->noted_ns);
        incidents_time(alive, hard_end->last_alive_ns);
        printf("%s  the previous boot ended without shutdown; last alive %s\n", at, alive);
    } else if (hard_end->has_box) {
        incidents_time(at, hard_end->box_ns);
        printf("%s  a boot ended without shutdown after this; only its black box tells of it\n",
               at);
    }
    if (hard_end->last) {
        status = print_last(hard_end);
        print_about(&hard_end->box);
    } else if (hard_end->has_box) {
        printf("Its black box holds no sample (%" PRIu64 " torn).\n", hard_end->box.torn);
    }
    if (hard_end_is_found(hard_end) && more)
        putchar('\n');
    return status;
}

void hard_end_print_killed(const struct hard_end *hard_end)
{
    char time[INCIDENT_TIME_SIZE];

    if (!hard_end->is_killed)
        return;
    incidents_time(time, hard_end->killed_last_ns);
    printf("the daemon has ended without a word (killed?); %s%s\n",
           hard_end->killed_last_ns ? "its last sample was at " : "it has left no sample",
           hard_end->killed_last_ns ? time : "");
}

/* ---- JSON ---- */

/* "2026-01-23T12:00:00-08:00"; 0: null. */
static void print_instant(const char *before, int64_t realtime_ns)
{
    char text[SAID_SIZE] = "";

    if (realtime_ns)
        said_print(text, realtime_ns / 1000000000);
    if (text[0])
        printf("%s\"%s\"", before, text);
    else
        printf("%snull", before);
}

/* A sample's object without its first brace. */
static int write_rest(void *user, const char *bytes, size_t length)
{
    int *is_behind = user;
    const size_t skipped = *is_behind || length == 0 ? 0 : 1;

    *is_behind = *is_behind || length > 0;
    return pausemon_write_file(stdout, bytes + skipped, length - skipped);
}

static int print_sample(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    const char **between = user;
    int is_behind = 0;

    printf("%s{\"tier\":%" PRIu64 ",", *between, tier);
    *between = ",";
    return pausemon_json_encode_sample(sample, write_rest, &is_behind);
}

static void print_box(const struct hard_end *hard_end)
{
    struct pausemon_blackbox_info box = hard_end->box;
    const char *between = "", *none = "";

    printf(",\"last_sample\":");
    if (hard_end->last)
        print_sample(&none, hard_end->last, hard_end->tier);
    else
        printf("null");
    printf(",\"samples\":%" PRIu64 ",\"torn\":%" PRIu64 ",\"stale\":%" PRIu64 ",\"lost\":%" PRIu64,
           box.samples, box.torn, box.stale, box.lost);
    if (box.beats)
        printf(",\"beats\":%" PRIu64 ",\"late_beats\":%" PRIu64 ",\"worst_beat_ms\":%" PRIu64,
               box.beats, box.late_beats, box.worst_beat_ns / 1000000);
    printf(",\"samples_before\":[");
    pausemon_blackbox_read(hard_end->path, &box, print_sample, &between, &hard_end->host, NULL);
    putchar(']');
}

void hard_end_print_json(const struct hard_end *hard_end)
{
    if (hard_end_is_found(hard_end)) {
        const int64_t alive_ns = hard_end->is_noted ? hard_end->last_alive_ns : hard_end->box_ns;
        print_instant(",\"hard_end\":{\"last_alive\":", alive_ns);
        print_instant(",\"noted\":", hard_end->is_noted ? hard_end->noted_ns : 0);
        if (hard_end->has_box)
            print_box(hard_end);
        putchar('}');
    }
    if (hard_end->is_killed) {
        print_instant(",\"daemon_killed\":{\"last_sample\":", hard_end->killed_last_ns);
        putchar('}');
    }
}
