/* SPDX-License-Identifier: MIT */
/* Reading the incident database: filters, order, marking; refusals; and whatever may be in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vault.h"

struct seen {
    struct text text; /* "3 2 1 " … */
    struct pausemon_escalation last;
    char notes[256];
    int stop_at; /* from 1; 0: never */
    int count;
};

static int see(struct seen *seen, int64_t id)
{
    char word[32];

    snprintf(word, sizeof word, "%d ", (int)id);
    text_write(&seen->text, word, strlen(word));
    return ++seen->count == seen->stop_at ? PAUSEMON_ERR_END : 0;
}

static int see_event(void *user, const struct pausemon_escalation *escalation)
{
    struct seen *seen = user;

    ck_assert_uint_eq(escalation->size, sizeof *escalation);
    seen->last = *escalation;
    snprintf(seen->notes, sizeof seen->notes, "%s", escalation->notes ? escalation->notes : "-");
    return see(seen, escalation->id);
}

static int see_pause(void *user, const struct pausemon_pause *pause)
{
    return see(user, pausemon_pause_get_info(pause)->id);
}

static int see_sample(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    ck_assert_uint_le(tier - 1, 2);
    return see(user, (int64_t)pausemon_sample_get_info(sample)->max_score);
}

static struct pausemon_history *open_history(struct vault *vault)
{
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    int status = pausemon_history_open(&history, vault->path, &vault->harness.host, &error);

    ck_assert_msg(status == 0, "%s", error.text);
    return history;
}

enum what { EVENTS, PAUSES, SAMPLES };

/* Checks what is told, and that the count is returned. */
static void expect(struct pausemon_history *history, enum what what,
                   const struct pausemon_history_filter *filter, const char *expected)
{
    struct seen seen = {0};
    struct pausemon_error error = {0};
    int64_t id = filter ? filter->id : 0;
    int status = what == EVENTS ? pausemon_history_events(history, filter, see_event, &seen, &error)
                 : what == PAUSES
                     ? pausemon_history_pauses(history, filter, see_pause, &seen, &error)
                     : pausemon_history_samples(history, id, see_sample, &seen, &error);

    ck_assert_msg(status >= 0, "%s", error.text);
    ck_assert_int_eq(status, seen.count);
    ck_assert_str_eq(seen.text.bytes ? seen.text.bytes : "", expected);
    text_free(&seen.text);
}

/* Three escalations, a day between them, each with a pause of its own. The last is open. */
static int64_t fill(struct vault *vault)
{
    vault_init(vault);
    ck_assert_int_eq(vault_open(vault), 0);
    int64_t begin = vault->harness.now.realtime_ns;
    for (int i = 1; i <= 3; i++) {
        vault_look(vault, 70 + (uint64_t)i, 2, PAUSEMON_TIER2_ENTRY);
        vault_look(vault, 80 + (uint64_t)i, 3, PAUSEMON_TIER3_ENTRY);
        vault_pause(vault, i, 500, i == 2 ? PAUSEMON_CAUSE_IO : PAUSEMON_CAUSE_CPU);
        if (i < 3)
            vault_look(vault, 1, 1, PAUSEMON_TIER3_EXIT | PAUSEMON_TIER2_EXIT);
        harness_tick(&vault->harness, DAY);
    }
    vault_flush(vault);
    return begin;
}

/* ---- Rows ---- */

START_TEST(events_pauses_and_samples_come_newest_first_and_filtered)
{
    struct vault vault;
    int64_t begin = fill(&vault);
    struct pausemon_history *history = open_history(&vault);
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT, none = filter;

    expect(history, EVENTS, NULL, "3 2 1 ");
    expect(history, PAUSES, &none, "3 2 1 ");
    filter.since_ns = begin + DAY / 2;
    expect(history, EVENTS, &filter, "3 2 ");
    expect(history, PAUSES, &filter, "3 2 ");
    filter.until_ns = begin + DAY + DAY / 2;
    expect(history, EVENTS, &filter, "2 ");
    expect(history, PAUSES, &filter, "2 ");
    filter = none;
    filter.since_ns = begin + 300 * DAY; /* the open one goes on */
    expect(history, EVENTS, &filter, "3 ");
    expect(history, PAUSES, &filter, "");
    filter = none;
    filter.limit = 2;
    expect(history, EVENTS, &filter, "3 2 ");
    expect(history, PAUSES, &filter, "3 2 ");
    filter = none;
    filter.id = 2;
    expect(history, EVENTS, &filter, "2 ");
    expect(history, PAUSES, &filter, "2 ");
    expect(history, SAMPLES, &filter, "72 82 "); /* the oldest first */
    filter.id = 77;
    expect(history, SAMPLES, &filter, "");
    filter = none;
    filter.cause = PAUSEMON_CAUSE_CPU;
    expect(history, PAUSES, &filter, "3 1 ");
    filter.cause = 99;
    ck_assert_int_eq(pausemon_history_pauses(history, &filter, see_pause, NULL, NULL),
                     PAUSEMON_ERR_INVALID);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

START_TEST(an_escalation_is_read_as_it_was_told)
{
    struct vault vault;
    int64_t begin = fill(&vault);
    struct pausemon_history *history = open_history(&vault);
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct seen seen = {0};

    filter.id = 1;
    ck_assert_int_eq(pausemon_history_events(history, &filter, see_event, &seen, NULL), 1);
    ck_assert_int_eq(seen.last.start.realtime_ns, begin + SECOND);
    ck_assert_int_eq(seen.last.end.realtime_ns, begin + 3 * SECOND);
    ck_assert_int_eq(seen.last.start.utc_offset_s, -8 * 3600);
    ck_assert_uint_eq(seen.last.open, 0);
    ck_assert_uint_eq(seen.last.peak_stress, 81);
    ck_assert_uint_eq(seen.last.peak_tier, 3);
    ck_assert_uint_eq(seen.last.sample_count, 2);
    ck_assert_str_eq(seen.notes, "-");
    filter.id = 3;
    ck_assert_int_eq(pausemon_history_events(history, &filter, see_event, &seen, NULL), 1);
    ck_assert_uint_eq(seen.last.open, 1);
    ck_assert_int_eq(seen.last.end.realtime_ns, 0);
    text_free(&seen.text);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

static int keep_pause(void *user, const struct pausemon_pause *pause)
{
    pausemon_pause_copy(user, pause);
    return 0;
}

START_TEST(a_pause_is_read_as_it_was_told)
{
    struct vault vault;
    int64_t begin = fill(&vault);
    struct pausemon_history *history = open_history(&vault);
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_pause *pause;

    filter.id = 2;
    ck_assert_int_eq(pausemon_pause_new(&pause, &vault.harness.host, NULL), 0);
    ck_assert_int_eq(pausemon_history_pauses(history, &filter, keep_pause, pause, NULL), 1);
    const struct pausemon_pause_info *info = pausemon_pause_get_info(pause);
    ck_assert_int_eq(info->end.realtime_ns / 1000, (begin + DAY + 5 * SECOND) / 1000);
    ck_assert_int_eq(info->end.realtime_ns - info->start.realtime_ns, 500000000);
    ck_assert_uint_eq(info->duration_ns, 500000000);
    ck_assert_uint_eq(info->cause, PAUSEMON_CAUSE_IO);
    ck_assert_int_eq(info->event_id, 2);
    ck_assert_int_eq(pausemon_pause_get_evidence(pause, 0)->value, 500);
    ck_assert_str_eq(pausemon_pause_get_culprit(pause, 0)->command, "stress-ng");
    ck_assert_int_eq(pausemon_pause_get_culprit(pause, 0)->pid, 41);
    pausemon_pause_free(pause);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

START_TEST(a_callback_can_stop_and_what_it_says_is_returned)
{
    struct vault vault;

    fill(&vault);
    struct pausemon_history *history = open_history(&vault);
    struct seen seen = {.stop_at = 2};
    ck_assert_int_eq(pausemon_history_events(history, NULL, see_event, &seen, NULL),
                     PAUSEMON_ERR_END);
    ck_assert_int_eq(seen.count, 2);
    seen.count = 0;
    ck_assert_int_eq(pausemon_history_pauses(history, NULL, see_pause, &seen, NULL),
                     PAUSEMON_ERR_END);
    seen.count = 0;
    ck_assert_int_eq(pausemon_history_samples(history, 1, see_sample, &seen, NULL),
                     PAUSEMON_ERR_END);
    text_free(&seen.text);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

/* ---- Marking ---- */

START_TEST(marking_changes_one_escalation_and_is_seen_at_once)
{
    struct vault vault;
    struct pausemon_history_filter filter = PAUSEMON_HISTORY_FILTER_INIT;
    struct pausemon_error error;
    struct seen seen = {0};

    fill(&vault);
    struct pausemon_history *history = open_history(&vault);
    ck_assert_int_eq(
        pausemon_history_mark(history, 2, PAUSEMON_REVIEW_PINNED, "it's\nthe disk", &error), 0);
    ck_assert_int_eq(pausemon_history_mark(history, 1, PAUSEMON_REVIEW_REVIEWED, NULL, &error), 0);
    filter.review = PAUSEMON_REVIEW_PINNED;
    ck_assert_int_eq(pausemon_history_events(history, &filter, see_event, &seen, NULL), 1);
    ck_assert_int_eq(seen.last.id, 2);
    ck_assert_uint_eq(seen.last.review, PAUSEMON_REVIEW_PINNED);
    ck_assert_str_eq(seen.notes, "it's the disk");
    ck_assert_int_eq(pausemon_history_mark(history, 2, PAUSEMON_REVIEW_DISMISSED, NULL, &error), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT length(notes) FROM events WHERE id = 2"), 13);
    ck_assert_int_eq(pausemon_history_mark(history, 2, PAUSEMON_REVIEW_DISMISSED, "", &error), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT notes IS NULL FROM events WHERE id = 2"), 1);
    ck_assert_int_eq(pausemon_history_mark(history, 77, PAUSEMON_REVIEW_PINNED, NULL, &error),
                     PAUSEMON_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.text, "77"));
    ck_assert_int_eq(pausemon_history_mark(history, 1, 4, NULL, &error), PAUSEMON_ERR_INVALID);
    ck_assert_int_eq(pausemon_history_mark(history, 1, 1, "\xFF", &error), PAUSEMON_ERR_INVALID);
    vault_exec(&vault, "PRAGMA user_version = 9");
    ck_assert_int_eq(pausemon_history_mark(history, 1, 1, NULL, &error), PAUSEMON_ERR_UNSUPPORTED);
    text_free(&seen.text);
    pausemon_history_free(history);
    vault_end(&vault);
}
END_TEST

/* ---- Opening ---- */

static int open_status(struct vault *vault, const char *path)
{
    struct pausemon_history *history;
    struct pausemon_error error = {0};
    int status = pausemon_history_open(&history, path, &vault->harness.host, &error);

    ck_assert(status < 0 ? !history && error.text[0] : history != NULL);
    pausemon_history_free(history);
    return status;
}

START_TEST(what_is_no_incident_database_is_refused_with_the_right_status)
{
    struct vault vault;

    vault_init(&vault);
    ck_assert_int_eq(open_status(&vault, vault.path), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(open_status(&vault, "/nonexistent/db"), PAUSEMON_ERR_NOT_FOUND);
    ck_assert_int_eq(open_status(&vault, vault.directory), PAUSEMON_ERR_DENIED); /* no file */
    ck_assert_int_eq(pausemon_history_open(NULL, vault.path, NULL, NULL), PAUSEMON_ERR_INVALID);
    vault_put_file(&vault, "", "", 0);
    ck_assert_int_eq(open_status(&vault, vault.path), PAUSEMON_ERR_FORMAT);
    vault_put_file(&vault, "", "This is a text, and rather longer than sixteen bytes.", 53);
    ck_assert_int_eq(open_status(&vault, vault.path), PAUSEMON_ERR_FORMAT);
    ck_assert_int_eq(vault_count_files(&vault, "db.corrupt"), 0); /* a reader moves nothing */
    pausemon_history_free(NULL);
    vault_end(&vault);
}
END_TEST

START_TEST(opening_and_reading_survive_every_allocation_that_fails)
{
    struct vault vault;
    struct pausemon_history *history;
    struct seen seen = {0};
    int failures = 0;

    fill(&vault);
    vault_exec(&vault, "UPDATE events SET notes = 'x'");
    long live = vault.harness.live;
    for (int status = -1; status < 0; failures++) {
        vault.harness.fail_at = failures + 1;
        status = pausemon_history_open(&history, vault.path, &vault.harness.host, NULL);
        if (status == 0)
            status = pausemon_history_events(history, NULL, see_event, &seen, NULL);
        if (status == 3)
            status = pausemon_history_pauses(history, NULL, see_pause, &seen, NULL);
        if (status == 3)
            status = pausemon_history_samples(history, 1, see_sample, &seen, NULL);
        ck_assert(status == 2 || status == PAUSEMON_ERR_NOMEM);
        vault.harness.fail_at = 0;
        pausemon_history_free(history);
        ck_assert_int_eq(vault.harness.live, live);
    }
    ck_assert_int_ge(failures, 6);
    text_free(&seen.text);
    vault_end(&vault);
}
END_TEST

/* As another user, in a child. What `look` returns; -1 where this is not run by root. */
static int as_nobody(struct vault *vault, int (*look)(struct vault *vault))
{
    int status;

    if (geteuid() != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(99);
        _exit(-look(vault));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

static int look_and_mark(struct vault *vault)
{
    struct pausemon_history *history;
    struct seen seen = {0};
    int status = pausemon_history_open(&history, vault->path, NULL, NULL);

    if (status == 0)
        status = pausemon_history_events(history, NULL, see_event, &seen, NULL);
    if (status == 3)
        status = pausemon_history_mark(history, 1, PAUSEMON_REVIEW_PINNED, NULL, NULL);
    return status;
}

START_TEST(the_rights_decide_who_reads_and_marks)
{
    struct vault vault;

    fill(&vault);
    vault_close(&vault);
    vault.options.group = 65534;
    if (geteuid() != 0) {
        printf("# skipped: only root can be somebody else\n");
        vault_end(&vault);
        return;
    }
    ck_assert_int_eq(as_nobody(&vault, look_and_mark), PAUSEMON_ERR_DENIED);
    ck_assert_int_eq(vault_open(&vault), 0);
    vault_close(&vault); /* no daemon runs, and the directory is not for members to write in */
    ck_assert_int_eq(chmod(vault.directory, 0755), 0);
    ck_assert_int_eq(as_nobody(&vault, look_and_mark), 0);
    ck_assert_int_eq(vault_sql(&vault, "SELECT status = 'pinned' FROM events WHERE id = 1"), 1);
    /* Without -wal and -shm, as the original leaves it: the file alone is read. */
    vault_exec(&vault, "PRAGMA wal_checkpoint(TRUNCATE)");
    unlink(vault_file(&vault, "-wal"));
    unlink(vault_file(&vault, "-shm"));
    ck_assert_int_eq(chmod(vault.path, 0644), 0);
    ck_assert_int_eq(as_nobody(&vault, look_and_mark), PAUSEMON_ERR_DENIED); /* the mark */
    ck_assert_int_eq(as_nobody(&vault, look_and_mark), PAUSEMON_ERR_DENIED);
    ck_assert_int_eq(vault_count_files(&vault, "db"), 1); /* nothing was made */
    vault_end(&vault);
}
END_TEST

START_TEST(reading_changes_not_a_byte_of_the_file)
{
    struct vault vault;
    size_t before_length, after_length;

    fill(&vault);
    vault_close(&vault);
    char *before = read_file(vault.path, &before_length);
    ck_assert_int_eq(open_status(&vault, vault.path), 0);
    char *after = read_file(vault.path, &after_length);
    ck_assert_uint_eq(before_length, after_length);
    ck_assert_int_eq(memcmp(before, after, after_length), 0);
    ck_assert_int_eq(vault_count_files(&vault, "db"), 3);
    free(before);
    free(after);
    vault_end(&vault);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("history");
    TCase *rows = tcase_create("rows"), *opening = tcase_create("opening");

    tcase_add_test(rows, events_pauses_and_samples_come_newest_first_and_filtered);
    tcase_add_test(rows, an_escalation_is_read_as_it_was_told);
    tcase_add_test(rows, a_pause_is_read_as_it_was_told);
    tcase_add_test(rows, a_callback_can_stop_and_what_it_says_is_returned);
    tcase_add_test(rows, marking_changes_one_escalation_and_is_seen_at_once);
    tcase_add_test(opening, what_is_no_incident_database_is_refused_with_the_right_status);
    tcase_add_test(opening, opening_and_reading_survive_every_allocation_that_fails);
    tcase_add_test(opening, the_rights_decide_who_reads_and_marks);
    tcase_add_test(opening, reading_changes_not_a_byte_of_the_file);
    suite_add_tcase(suite, rows);
    suite_add_tcase(suite, opening);
    return harness_run(suite);
}
