/* SPDX-License-Identifier: MIT */
/* A pause in one sentence. */
#include "core/pause.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define MAX_NAMED 3 /* culprits, and victims, in a sentence; the rest is counted */

struct sentence {
    pausemon_write_fn write;
    void *user;
    int status; /* the first failure of `write`: nothing is written after it */
};

/* Every piece is short: the longest thing in one is a name. */
PM_PRINTF(2, 3) static void say(struct sentence *sentence, const char *format, ...)
{
    char text[2 * PAUSEMON_COMMAND_SIZE];
    va_list arguments;

    if (sentence->status < 0)
        return;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        sentence->status = sentence->write(sentence->user, text, (size_t)length);
}

/* ---- durations ---- */

/* Two units, the smaller one left out when there is none of it. */
static void put_two(char *text, uint64_t count, uint64_t per, const char *large, const char *small)
{
    if (count % per)
        snprintf(text, PAUSEMON_DURATION_SIZE, "%" PRIu64 " %s %" PRIu64 " %s", count / per, large,
                 count % per, small);
    else
        snprintf(text, PAUSEMON_DURATION_SIZE, "%" PRIu64 " %s", count / per, large);
}

/* Rounded as in JSON, so that what was read back is told the same. */
static uint64_t to_ms(uint64_t ns)
{
    return ns / 1000000 + (ns % 1000000 >= 500000);
}

/* Each unit is rounded before it is judged, so that 59.96 s is "1 min" and not "60.0 s". */
void pausemon_duration_text(char *text, uint64_t ns)
{
    const uint64_t ms = to_ms(ns), s = (ms + 500) / 1000;
    const uint64_t minutes = (s + 30) / 60, hours = (minutes + 30) / 60;

    if (!text)
        return;
    if (ms < 1000)
        snprintf(text, PAUSEMON_DURATION_SIZE, "%" PRIu64 " ms", ms);
    else if (ms < 9995)
        snprintf(text, PAUSEMON_DURATION_SIZE, "%d.%02d s", (int)(ms + 5) / 1000,
                 (int)(ms + 5) / 10 % 100);
    else if (ms < 59950)
        snprintf(text, PAUSEMON_DURATION_SIZE, "%d.%d s", (int)(ms + 50) / 1000,
                 (int)(ms + 50) / 100 % 10);
    else if (s < 3600)
        put_two(text, s, 60, "min", "s");
    else if (minutes < 24 * 60)
        put_two(text, minutes, 60, "h", "min");
    else
        put_two(text, hours, 24, "d", "h");
}

/* ---- the parts of the sentence ---- */

static void say_cause(struct sentence *sentence, const struct pausemon_pause_info *info)
{
    const struct pm_cause *cause = pm_cause_get(info->cause);
    const uint64_t lost_ms = to_ms(info->lost_ns);
    char duration[PAUSEMON_DURATION_SIZE], lost[PAUSEMON_DURATION_SIZE];

    pausemon_duration_text(duration, info->duration_ns);
    say(sentence, "%s %s", cause->verb, duration);
    /* Of a standstill in pieces only the pieces are lost. */
    if (cause->suffers && lost_ms > 0 && lost_ms * 5 < to_ms(info->duration_ns) * 4) {
        pausemon_duration_text(lost, info->lost_ns);
        say(sentence, " (%s of it lost)", lost);
    }
    say(sentence, ": %s", cause->phrase);
    if (cause->measured)
        say(sentence, " (confidence 0.%02d)",
            info->confidence < 1000 ? (int)info->confidence / 10 : 99);
    say(sentence, ".");
}

static void say_name(struct sentence *sentence, const char *command, int64_t pid)
{
    if (command[0])
        say(sentence, "%s", command);
    else
        say(sentence, "pid %" PRId64, pid);
}

static void say_culprit(struct sentence *sentence, const struct pausemon_culprit *culprit)
{
    const char *what = culprit->resource == PAUSEMON_CAUSE_CPU      ? "CPU"
                       : culprit->resource == PAUSEMON_CAUSE_MEMORY ? "memory"
                       : culprit->resource == PAUSEMON_CAUSE_IO     ? "I/O"
                                                                    : "what was contended";

    say_name(sentence, culprit->command, culprit->pid);
    if (culprit->count > 1)
        say(sentence, " ×%" PRIu64, culprit->count);
    if (culprit->suspect)
        say(sentence, " (suspect)");
    if (culprit->share < 10)
        say(sentence, ", less than 1 %% of %s", what);
    else
        say(sentence, ", %" PRIu64 " %% of %s", culprit->share / 10, what);
}

static void say_culprits(struct sentence *sentence, const struct pausemon_pause *pause)
{
    const uint64_t count = pause->info.culprit_count;

    if (count == 0)
        say(sentence, " No culprit was found.");
    for (size_t i = 0; i < count && i < MAX_NAMED; i++) {
        say(sentence, "%s", i > 0 ? "; " : count > 1 ? " Culprits: " : " Culprit: ");
        say_culprit(sentence, &pause->culprits[i]);
    }
    if (count > MAX_NAMED)
        say(sentence, "; and %" PRIu64 " more", count - MAX_NAMED);
    if (count > 0)
        say(sentence, ".");
}

static void say_victims(struct sentence *sentence, const struct pausemon_pause *pause)
{
    const uint64_t count = pause->info.victim_count;

    for (size_t i = 0; i < count && i < MAX_NAMED; i++) {
        say(sentence, "%s", i > 0 ? ", " : count > 1 ? " Victims: " : " Victim: ");
        say_name(sentence, pause->victims[i].command, pause->victims[i].pid);
    }
    if (count > MAX_NAMED)
        say(sentence, " and %" PRIu64 " more", count - MAX_NAMED);
    if (count > 0)
        say(sentence, ".");
}

int pausemon_pause_write_verdict(const struct pausemon_pause *pause, pausemon_write_fn write,
                                 void *user)
{
    struct sentence sentence = {write, user, 0};

    if (!pause || !write)
        return PAUSEMON_ERR_INVALID;
    const struct pm_cause *cause = pm_cause_get(pause->info.cause);
    say_cause(&sentence, &pause->info);
    if (cause->blames)
        say_culprits(&sentence, pause);
    if (cause->suffers)
        say_victims(&sentence, pause);
    return sentence.status < 0 ? sentence.status : 0;
}
