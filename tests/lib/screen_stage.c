/* SPDX-License-Identifier: MIT */
#include "screen_stage.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct known *stage_new(void)
{
    struct known *known = known_new();

    ck_assert_ptr_nonnull(known);
    known->now_ns = STAGE_NOW_NS;
    known->now_ms = STAGE_NOW_MS;
    snprintf(known->host, sizeof known->host, "box");
    return known;
}

void stage_hear(struct known *known, const char *line)
{
    ck_assert_msg(known_hear(known, line, strlen(line)) == 0, "%s", line);
}

#define TIME "\"timestamp\":\"2026-01-23T12:04:31.000000+00:00\""

static const char rogues_calm[] =
    "[{\"pid\":1204,\"command\":\"firefox\",\"cpu\":12.5,\"state\":\"running\",\"mem\":1288490188,"
    "\"cmprs\":0,\"pageins\":0,\"csw\":812,\"sysbsd\":4031,\"threads\":96,\"score\":9,"
    "\"categories\":[\"cpu\",\"mem\",\"threads\",\"csw\"],\"ppid\":1,\"start_time\":17},"
    "{\"pid\":77,\"command\":\"Xorg\",\"cpu\":4.0,\"state\":\"sleeping\",\"mem\":157286400,"
    "\"cmprs\":4096,\"pageins\":0,\"csw\":310,\"sysbsd\":1200,\"threads\":8,\"score\":3,"
    "\"categories\":[\"cpu\",\"csw\"],\"ppid\":1,\"start_time\":18},"
    "{\"pid\":901,\"command\":\"postgres\",\"cpu\":0.3,\"state\":\"idle\",\"mem\":94371840,"
    "\"cmprs\":0,\"pageins\":0,\"csw\":12,\"sysbsd\":90,\"threads\":1,\"score\":1,"
    "\"categories\":[\"mem\"],\"ppid\":1,\"start_time\":19}]";

static const char rogues_critical[] =
    "[{\"pid\":4242,\"command\":\"stress-ng\",\"cpu\":799.6,\"state\":\"running\","
    "\"mem\":3435973836,\"cmprs\":536870912,\"pageins\":1200,\"csw\":128000,\"sysbsd\":2500000,"
    "\"threads\":16,\"score\":88,\"categories\":[\"cpu\",\"mem\",\"cmprs\",\"csw\",\"sysbsd\","
    "\"pageins\"],\"ppid\":1,\"start_time\":21},"
    "{\"pid\":3100,\"command\":\"rsync\",\"cpu\":3.1,\"state\":\"stuck\",\"mem\":12582912,"
    "\"cmprs\":0,\"pageins\":0,\"csw\":2,\"sysbsd\":0,\"threads\":1,\"score\":61,"
    "\"categories\":[\"stuck\",\"state\"],\"ppid\":1,\"start_time\":22},"
    "{\"pid\":512,\"command\":\"jbd2/dm-0-8\",\"cpu\":0,\"state\":\"uninterruptible\",\"mem\":0,"
    "\"cmprs\":0,\"pageins\":0,\"csw\":40,\"sysbsd\":0,\"threads\":1,\"score\":30,"
    "\"categories\":[\"state\"],\"ppid\":2,\"start_time\":23,\"unknown\":[\"cpu\",\"mem\","
    "\"cmprs\",\"pageins\",\"sysbsd\"]},"
    "{\"pid\":88,\"command\":\"biomesyncd\",\"cpu\":9.0,\"state\":\"running\",\"mem\":73400320,"
    "\"cmprs\":0,\"pageins\":3,\"csw\":88,\"sysbsd\":400,\"threads\":5,\"score\":12,"
    "\"categories\":[\"cpu\"],\"ppid\":1,\"start_time\":24,\"suspect\":true},"
    "{\"pid\":4194304,\"command\":\"a-name-that-is-as-long-as-names-may-ever-be-on-this-system-"
    "ok\","
    "\"cpu\":1.0,\"state\":\"sleeping\",\"mem\":1048576,\"cmprs\":0,\"pageins\":0,\"csw\":1,"
    "\"sysbsd\":1,\"threads\":1,\"score\":2,\"categories\":[\"threads\"],\"ppid\":1,"
    "\"start_time\":25}]";

/* A sample's keys behind its first ones. */
static void sample(char *text, size_t size, const char *before, int stress, const char *rogues)
{
    snprintf(text, size,
             "{%s" TIME ",\"elapsed_ms\":1003,\"process_count\":412,\"max_score\":%d,\"rogues\":%s,"
             "\"stress\":%d,\"unreadable\":2,\"rogues_omitted\":0,\"cost_us\":3400,"
             "\"monotonic_ns\":1000000000000}",
             before, stress, rogues, stress);
}

/* Thirty of them, rising from `from` to `to`. */
static void state(struct known *known, int tier, int from, int to, const char *rogues)
{
    char text[32768], one[8192], before[64];
    int used = snprintf(text, sizeof text, "{\"type\":\"initial_state\",\"samples\":[");

    for (int i = 0; i < 30; i++) {
        const int stress = from + (to - from) * i / 29;
        const int is = stress >= 75 ? 3 : stress >= 50 ? 2 : 1;
        snprintf(before, sizeof before, "\"tier\":%d,", i == 29 ? tier : is);
        sample(one, sizeof one, before, stress, i == 29 ? rogues : "[]");
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", i ? "," : "", one);
    }
    snprintf(text + used, sizeof text - (size_t)used,
             "],\"tier\":%d,\"max_score\":%d,\"sample_count\":30}", tier, to);
    known->link = LINK_UP;
    stage_hear(known, text);
}

void stage_calm(struct known *known)
{
    state(known, 1, 2, 9, rogues_calm);
    stage_hear(known, "{\"type\":\"status\",\"samples\":30,\"events\":0,\"elevated_since\":null,"
                      "\"critical_since\":null,\"dropped_records\":0,\"disk\":\"ok\","
                      "\"budget\":\"ok\",\"rss_bytes\":4928307,\"heartbeat\":\"on\",\"beats\":600,"
                      "\"late_beats\":0,\"worst_beat_ms\":2,\"slower\":1,\"blackbox\":\"ok\","
                      "\"source\":\"procfs:/proc\",\"pid\":640}");
}

static const char *const incidents[] = {
    "{\"type\":\"pause\",\"id\":1,\"start\":\"2026-01-22T22:10:00.000000+00:00\",\"end\":"
    "\"2026-01-22T22:10:00.400000+00:00\",\"duration_ms\":400,\"lost_ms\":400,\"detectors\":"
    "[\"pressure\"],\"cause\":\"io\",\"confidence\":0.71,\"verdict\":\"\",\"evidence\":[],"
    "\"culprits\":[{\"pid\":3100,\"command\":\"rsync\",\"resource\":\"io\",\"share\":0.9,"
    "\"count\":1,\"suspect\":false,\"exe\":null,\"unit\":null,\"uid\":0}],\"victims\":[],"
    "\"tier\":1,\"event_id\":null,\"forensics\":null}",
    "{\"type\":\"pause\",\"id\":2,\"start\":\"2026-01-23T11:58:02.000000+00:00\",\"end\":"
    "\"2026-01-23T11:58:02.900000+00:00\",\"duration_ms\":900,\"lost_ms\":900,\"detectors\":"
    "[\"heartbeat\"],\"cause\":\"unknown\",\"confidence\":0.0,\"verdict\":\"\",\"evidence\":[],"
    "\"culprits\":[],\"victims\":[],\"tier\":1,\"event_id\":null,\"forensics\":null}",
    "{\"type\":\"pause\",\"id\":3,\"start\":\"2026-01-23T12:04:28.000000+00:00\",\"end\":"
    "\"2026-01-23T12:04:30.310000+00:00\",\"duration_ms\":2310,\"lost_ms\":2290,\"detectors\":"
    "[\"heartbeat\",\"sample\"],\"cause\":\"cpu\",\"confidence\":0.94,\"verdict\":\"\","
    "\"evidence\":[{\"name\":\"run_delay_ms\",\"value\":2290,\"window_ms\":2400}],\"culprits\":"
    "[{\"pid\":4242,\"command\":\"stress-ng\",\"resource\":\"cpu\",\"share\":0.96,\"count\":8,"
    "\"suspect\":false,\"exe\":null,\"unit\":null,\"uid\":0},{\"pid\":88,\"command\":"
    "\"biomesyncd\",\"resource\":\"cpu\",\"share\":0.02,\"count\":1,\"suspect\":true,\"exe\":null,"
    "\"unit\":null,\"uid\":0}],\"victims\":[{\"pid\":77,\"command\":\"Xorg\",\"lost_ms\":2200,"
    "\"how\":\"run_delay\"}],\"tier\":3,\"event_id\":3,\"forensics\":null}",
    "{\"type\":\"event\",\"id\":2,\"start\":\"2026-01-20T08:00:00.000000+00:00\",\"end\":"
    "\"2026-01-20T08:03:12.000000+00:00\",\"duration_ms\":192000,\"peak_stress\":64,"
    "\"peak_tier\":2,\"status\":\"pinned\",\"notes\":\"the backup\",\"samples\":4}",
    "{\"type\":\"event\",\"id\":3,\"start\":\"2026-01-23T12:04:20.000000+00:00\",\"end\":null,"
    "\"duration_ms\":null,\"peak_stress\":88,\"peak_tier\":3,\"status\":\"unreviewed\","
    "\"notes\":null,\"samples\":9}",
};

void stage_critical(struct known *known)
{
    state(known, 3, 5, 88, rogues_critical);
    stage_hear(known, "{\"type\":\"status\",\"samples\":86400,\"events\":3,\"elevated_since\":"
                      "\"2026-01-23T12:04:20.000000+00:00\",\"critical_since\":"
                      "\"2026-01-23T12:04:22.000000+00:00\",\"dropped_records\":12,\"disk\":"
                      "\"full\",\"budget\":\"over\",\"rss_bytes\":4928307,\"heartbeat\":\"on\","
                      "\"beats\":600,\"late_beats\":3,\"worst_beat_ms\":2310,\"slower\":1,"
                      "\"blackbox\":\"failed\",\"source\":\"procfs:/proc\",\"pid\":640}");
    for (size_t i = 0; i < sizeof incidents / sizeof incidents[0]; i++)
        stage_hear(known, incidents[i]);
}

void stage_sample_of(struct known *known, const char *command, int pid, int score)
{
    char rogues[1024], text[4096];

    snprintf(rogues, sizeof rogues,
             "[{\"pid\":%d,\"command\":\"%s\",\"cpu\":1.0,\"state\":\"running\",\"mem\":1,"
             "\"cmprs\":0,\"pageins\":0,\"csw\":0,\"sysbsd\":0,\"threads\":1,\"score\":%d,"
             "\"categories\":[\"cpu\"],\"ppid\":0,\"start_time\":1}]",
             pid, command, score);
    sample(text, sizeof text, "\"type\":\"sample\",\"tier\":1,\"sample_count\":1,", score,
           pid > 0 ? rogues : "[]");
    known->link = LINK_UP;
    stage_hear(known, text);
}
