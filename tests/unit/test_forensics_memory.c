/* SPDX-License-Identifier: MIT */
/* What is remembered at the moment of a freeze, and captures while memory is short. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "captures.h"

static struct captures captures;

static void setup(void)
{
    captures_init(&captures);
    captures_tool(&captures, "/usr/bin/journalctl", "echo a line\n");
}

static void teardown(void)
{
    captures_end(&captures);
}

static json_t *metadata_of(int index)
{
    return captures_json(&captures, captures_name(&captures, index), "metadata.json");
}

static json_int_t number_at(json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

START_TEST(every_allocation_that_fails_is_survived)
{
    struct harness *harness = &captures.stage.harness;
    int status = -1;

    for (long at = 1; status < 0 && at < 100; at++) {
        struct pausemon_forensics *made;
        harness->fail_at = at;
        status = pausemon_forensics_new(&made, captures.events, captures.stage.config, NULL,
                                        &harness->host, &captures.error);
        ck_assert(status == 0 || (status == PAUSEMON_ERR_NOMEM && !made));
        pausemon_forensics_free(made);
    }
    ck_assert_int_eq(status, 0);
    harness->fail_at = 0;
    captures_open(&captures);
    status = -1;
    for (long at = 1; status < 0 && at < 100; at++) {
        harness->fail_at = at;
        status =
            pausemon_forensics_attach(captures.forensics, captures.stage.monitor, &captures.error);
        ck_assert(status == 0 || status == PAUSEMON_ERR_NOMEM);
    }
    ck_assert_int_eq(status, 0);
    harness->fail_at = 0;
    ck_assert_int_eq(
        pausemon_forensics_attach(captures.forensics, captures.stage.monitor, &captures.error),
        PAUSEMON_ERR_INVALID);
}
END_TEST

START_TEST(a_capture_without_memory_is_a_smaller_capture)
{
    struct harness *harness = &captures.stage.harness;

    captures_attach(&captures);
    for (long at = 1; at < 12; at++) {
        pausemon_forensics_request(captures.forensics);
        harness->fail_at = at;
        harness->fail_always = at % 2 == 0;
        ck_assert_int_eq(captures_run(&captures), 1);
        harness->fail_at = 0;
        harness->fail_always = false;
        json_t *metadata = metadata_of(captures_count(&captures) - 1);
        ck_assert(json_is_true(json_object_get(metadata, "complete")));
        json_decref(metadata);
    }
}
END_TEST

START_TEST(nothing_is_allocated_at_the_moment)
{
    captures_attach(&captures);
    ck_assert_int_eq(captures_run(&captures), 0);
    captures_freeze(&captures, 1500); /* the monitor's own first time */
    captures_calm(&captures, 10);
    long before = captures.stage.harness.allocations;
    captures.stage.harness.fail_at = 1;
    captures.stage.harness.fail_always = true;
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures.stage.harness.allocations, before);
    ck_assert(atomic_load(&captures.forensics->memory.full));
    captures.stage.harness.fail_at = 0;
    captures.stage.harness.fail_always = false;
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_int_gt(number_at(metadata, "sample_count"), 10);
    json_decref(metadata);
}
END_TEST

START_TEST(processes_that_have_outgrown_their_room_get_more_and_are_counted)
{
    enum { MANY = 6000 };
    struct pausemon_row *rows = calloc(MANY, sizeof *rows);

    captures_attach(&captures);
    for (int i = 0; i < MANY; i++) {
        rows[i] = captures.stage.rows[0];
        rows[i].pid = i + 1;
    }
    captures.stage.player.rows = rows;
    captures.stage.player.count = MANY;
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1); /* which makes more room, too late for this one */
    json_t *metadata = metadata_of(0);
    ck_assert_int_eq(number_at(metadata, "process_count"), MANY);
    ck_assert_int_gt(number_at(metadata, "processes_omitted"), 1000);
    ck_assert_ptr_nonnull(strstr(captures_error(metadata, "processes.json"), "are left out"));
    json_decref(metadata);
    pausemon_forensics_request(captures.forensics);
    ck_assert_int_eq(captures_run(&captures), 1);
    metadata = metadata_of(1);
    ck_assert_int_eq(number_at(metadata, "processes_omitted"), 0);
    json_decref(metadata);
    json_t *all = captures_json(&captures, captures_name(&captures, 1), "processes.json");
    ck_assert_uint_eq(json_array_size(all), MANY);
    json_decref(all);
    ck_assert_int_eq(captures_run(&captures), 0); /* frees the smaller one */
    captures_set(&captures, "forensics.max_artifact_mb", "1");
    pausemon_forensics_request(captures.forensics);
    ck_assert_int_eq(captures_run(&captures), 1);
    metadata = metadata_of(2);
    ck_assert_str_eq(captures_error(metadata, "processes.json"), "cut at 1 MiB");
    ck_assert_int_eq(captures_bytes(metadata, "processes.json"), 1 << 20);
    json_decref(metadata);
    captures.stage.player.rows = captures.stage.rows;
    captures.stage.player.count = STAGE_ROWS;
    stage_feed(&captures.stage, 1000);
    free(rows);
}
END_TEST

START_TEST(the_moment_is_kept_until_it_is_written)
{
    captures_attach(&captures);
    captures_freeze(&captures, 2500);
    captures_calm(&captures, 40);
    captures_freeze(&captures, 3000); /* and nobody has run */
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_int_eq(number_at(metadata, "sample_count"), 4);
    json_decref(metadata);
    metadata = metadata_of(1);
    ck_assert_str_eq(captures_error(metadata, "ring_buffer.json"),
                     "what was remembered before was still being written");
    ck_assert_int_eq(number_at(json_object_get(metadata, "pause"), "duration_ms"), 3000);
    json_decref(metadata);
    ck_assert(!atomic_load(&captures.forensics->memory.full));
}
END_TEST

static uint64_t no_room(int fd)
{
    (void)fd;
    return 0;
}

START_TEST(a_capture_that_cannot_be_made_gives_its_moment_back)
{
    captures_attach(&captures);
    captures.forensics->room = no_room;
    captures_freeze(&captures, 2500);
    ck_assert(atomic_load(&captures.forensics->memory.full));
    ck_assert_int_eq(captures_run(&captures), PAUSEMON_ERR_LIMIT);
    ck_assert(!atomic_load(&captures.forensics->memory.full));
}
END_TEST

static void note_full(void *user)
{
    struct captures *all = user;

    all->idle += atomic_load(&all->forensics->memory.full) ? 100 : 1;
}

START_TEST(while_tools_run_the_next_freeze_may_come)
{
    captures.options.idle = note_full;
    captures_tool(&captures, "/usr/bin/journalctl", "exec sleep 100\n");
    captures_open(&captures);
    captures_set(&captures, "forensics.logs_timeout", "2");
    ck_assert_int_eq(pausemon_forensics_attach(captures.forensics, captures.stage.monitor, NULL),
                     0);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert_int_gt(captures.idle, 0);
    ck_assert_int_lt(captures.idle, 100);
}
END_TEST

START_TEST(counters_that_could_not_be_read_take_no_good_ones_place)
{
    captures_file(&captures, "/proc/vmstat", "pgmajfault 100\n");
    captures_attach(&captures);
    ck_assert_int_eq(captures_run(&captures), 0);
    captures_calm(&captures, 11);
    for (int i = 0; i < 3; i++) {
        captures.stage.harness.fail_at = 1;
        captures.stage.harness.fail_always = true;
        ck_assert_int_eq(captures_run(&captures), 0);
        captures.stage.harness.fail_at = 0;
        captures.stage.harness.fail_always = false;
    }
    captures_freeze(&captures, 2500);
    captures_file(&captures, "/proc/vmstat", "pgmajfault 700\n");
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *pressure = captures_json(&captures, captures_name(&captures, 0), "pressure.json");
    ck_assert_int_eq(number_at(json_object_get(pressure, "vmstat"), "pgmajfault"), 600);
    json_decref(pressure);
}
END_TEST

START_TEST(what_the_witness_saw_at_onset_is_kept)
{
    captures_file(&captures, "/proc/version", "");
    captures_attach(&captures);
    stage_watch(&captures.stage);
    ck_assert_int_eq(pm_pulse_make_onset(captures.stage.pulse, &captures.error), 0);
    pm_pulse_put_onset(captures.stage.pulse, "pid 9 (nfsd) waits in nfs_wait\n",
                       pm_system_monotonic_ns());
    stage_dispatch(&captures.stage, 1000);
    pausemon_forensics_request(captures.forensics);
    ck_assert_int_eq(captures_run(&captures), 1);
    char *text = captures_text(&captures, captures_name(&captures, 0), "stuck.txt");
    ck_assert_msg(strncmp(text, "at onset of the newest standstill, ", 35) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, " before the capture was begun:\npid 9 (nfsd) waits in "
                                       "nfs_wait\n\nafter:\n"));
    free(text);
}
END_TEST

/* The next look may be a minute away, and further than run waits. */
START_TEST(who_asks_where_it_dispatches_gets_the_moment_at_once)
{
    captures_attach(&captures);
    pausemon_forensics_request(captures.forensics);
    ck_assert(atomic_load(&captures.forensics->memory.full));
    atomic_store(&captures.forensics->memory.dispatcher, pm_thread_id() + 1); /* run is another's */
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_int_eq(number_at(metadata, "sample_count"), 3);
    json_decref(metadata);
    ck_assert(!atomic_load(&captures.forensics->memory.full));
}
END_TEST

/* The dispatcher was kept from filling it in time, or never asked for it. */
START_TEST(a_moment_that_came_too_late_keeps_none_from_being_remembered)
{
    captures_attach(&captures);
    atomic_store(&captures.forensics->memory.wanted, true);
    captures_calm(&captures, 1);
    ck_assert(atomic_load(&captures.forensics->memory.full));
    ck_assert_int_eq(captures_run(&captures), 0);
    ck_assert(!atomic_load(&captures.forensics->memory.full));
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    json_t *metadata = metadata_of(0);
    ck_assert_str_eq(captures_error(metadata, "ring_buffer.json"), "");
    json_decref(metadata);
}
END_TEST

START_TEST(a_freeze_behind_a_request_says_that_its_ring_is_older)
{
    captures_attach(&captures);
    pausemon_forensics_request(captures.forensics);
    captures_calm(&captures, 2);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    ck_assert_int_eq(captures_run(&captures), 0);
    json_t *metadata = metadata_of(0);
    ck_assert_str_eq(json_string_value(json_object_get(metadata, "reason")), "pause");
    ck_assert_str_eq(captures_error(metadata, "ring_buffer.json"),
                     "remembered for a request, 5.50 s before this was begun");
    ck_assert_int_gt(captures_bytes(metadata, "processes.json"), 0);
    json_decref(metadata);
    captures_calm(&captures, 60);
    captures_freeze(&captures, 2500);
    ck_assert_int_eq(captures_run(&captures), 1);
    metadata = metadata_of(1);
    ck_assert_str_eq(captures_error(metadata, "ring_buffer.json"), "");
    json_decref(metadata);
}
END_TEST

/* Of a mount namespace of our own: nobody else sees it, and it goes with us. */
static const char *mount_tracefs(const char *path)
{
    if (geteuid() != 0)
        return "only root may have a tracefs";
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return "no mount namespace of our own may be had";
    return mount("tracefs", path, "tracefs", 0, NULL) != 0 ? "no tracefs may be mounted" : NULL;
}

START_TEST(the_flight_recorders_trace_is_kept_and_it_goes_on)
{
    captures_attach(&captures);
    captures_file(&captures, "/tracing/none", "");
    char path[128];
    snprintf(path, sizeof path, "%s/tracing", captures.root);
    const char *refused = mount_tracefs(path);
    if (!refused && pm_recorder_open(&captures.forensics->recorder, path, &captures.error) < 0)
        refused = captures.error.text;
    if (refused) {
        printf("# skipped, the flight recorder: %s\n", refused);
        return;
    }
    captures_set(&captures, "forensics.flight_recorder", "true");
    for (int i = 0; i < 2; i++) {
        captures_calm(&captures, 40);
        usleep(2000); /* something to record: this thread gives up its CPU */
        captures_freeze(&captures, 2500);
        ck_assert_int_eq(captures_run(&captures), 1);
        json_t *metadata = metadata_of(i);
        ck_assert_str_eq(captures_error(metadata, "trace.txt"), "");
        json_decref(metadata);
        char *text = captures_text(&captures, captures_name(&captures, i), "trace.txt");
        ck_assert_ptr_nonnull(strstr(text, "# tracer: nop"));
        ck_assert_ptr_nonnull(strstr(text, "sched_switch"));
        free(text);
        ck_assert(!captures.forensics->capture.recorder_stopped);
    }
    pausemon_forensics_free(captures.forensics);
    captures.forensics = NULL;
    ck_assert_int_eq(umount2(path, MNT_DETACH), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forensics_memory");
    TCase *all = tcase_create("memory");

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, every_allocation_that_fails_is_survived);
    tcase_add_test(all, a_capture_without_memory_is_a_smaller_capture);
    tcase_add_test(all, nothing_is_allocated_at_the_moment);
    tcase_add_test(all, processes_that_have_outgrown_their_room_get_more_and_are_counted);
    tcase_add_test(all, the_moment_is_kept_until_it_is_written);
    tcase_add_test(all, a_capture_that_cannot_be_made_gives_its_moment_back);
    tcase_add_test(all, while_tools_run_the_next_freeze_may_come);
    tcase_add_test(all, counters_that_could_not_be_read_take_no_good_ones_place);
    tcase_add_test(all, what_the_witness_saw_at_onset_is_kept);
    tcase_add_test(all, who_asks_where_it_dispatches_gets_the_moment_at_once);
    tcase_add_test(all, a_moment_that_came_too_late_keeps_none_from_being_remembered);
    tcase_add_test(all, a_freeze_behind_a_request_says_that_its_ring_is_older);
    tcase_add_test(all, the_flight_recorders_trace_is_kept_and_it_goes_on);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
