/* SPDX-License-Identifier: MIT */
/* The parts of the daemon that need no daemon: queue, client, line, budget. */
#include "harness.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pausemond/budget.h"
#include "pausemond/client.h"
#include "pausemond/fd.h"
#include "pausemond/line.h"
#include "pausemond/queue.h"

/* ---- queue ---- */

/* The same in the simplest way: all bytes in a row. */
struct model {
    char bytes[64];
    size_t used;
};

static unsigned draw(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 16) % below;
}

static void put_some(struct queue *queue, struct model *model, unsigned *seed)
{
    char bytes[80];
    size_t length = draw(seed, 24), spare = draw(seed, 3) * 8;

    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)draw(seed, 256);
    int fits = model->used + length + spare <= sizeof model->bytes;
    ck_assert_int_eq(queue_put(queue, bytes, length, spare), fits ? 0 : -1);
    if (fits) {
        memcpy(model->bytes + model->used, bytes, length);
        model->used += length;
    }
}

static void take_some(struct queue *queue, struct model *model, unsigned *seed)
{
    size_t length;
    const char *bytes = queue_peek(queue, &length);

    ck_assert_uint_le(length, model->used);
    ck_assert_int_eq(bytes == NULL, model->used == 0);
    ck_assert_int_eq(length == 0, model->used == 0);
    if (!bytes)
        return;
    ck_assert_int_eq(memcmp(bytes, model->bytes, length), 0);
    size_t taken = draw(seed, (unsigned)length + 1);
    queue_take(queue, taken);
    model->used -= taken;
    memmove(model->bytes, model->bytes + taken, model->used);
}

START_TEST(a_queue_gives_back_what_was_put_in_and_never_half_a_line)
{
    struct model model = {.used = 0};
    struct queue queue;
    unsigned seed = 4711;

    ck_assert_int_eq(queue_open(&queue, sizeof model.bytes), 0);
    for (int round = 0; round < 20000; round++) {
        if (draw(&seed, 2))
            put_some(&queue, &model, &seed);
        else
            take_some(&queue, &model, &seed);
        ck_assert_uint_eq(queue.used, model.used);
    }
    queue_close(&queue);
}
END_TEST

/* ---- client ---- */

struct pair {
    struct client client;
    int peer;
};

static void pair_open(struct pair *pair, int64_t now_ns)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pair->peer = ends[1];
    ck_assert_int_eq(client_open(&pair->client, ends[0], now_ns), 0);
}

static void pair_close(struct pair *pair)
{
    client_close(&pair->client);
    if (pair->peer >= 0)
        close(pair->peer);
}

static char line[8192];

static void fill_line(char letter)
{
    memset(line, letter, sizeof line - 1);
    line[sizeof line - 1] = '\n';
}

/* Lines of 8 KiB until one is lost; how many were not. */
static int send_until_lost(struct pair *pair, enum client_line kind, int64_t now_ns)
{
    uint64_t before = pair->client.lost;
    int sent = 0;

    for (;; sent++) {
        ck_assert_int_lt(sent, 1000);
        client_send(&pair->client, kind, line, sizeof line, now_ns);
        if (pair->client.lost > before)
            return sent;
    }
}

START_TEST(samples_are_lost_first_and_leave_room_for_what_is_rarer)
{
    struct pair pair;

    fill_line('s');
    pair_open(&pair, 0);
    int samples = send_until_lost(&pair, CLIENT_SAMPLE, 0);
    ck_assert_int_ge(samples, (CLIENT_QUEUE - CLIENT_RESERVE) / (int)sizeof line);
    ck_assert_uint_le(pair.client.queue.used, CLIENT_QUEUE - CLIENT_RESERVE);
    int others = send_until_lost(&pair, CLIENT_OTHER, 0);
    ck_assert_int_ge(others, CLIENT_RESERVE / (int)sizeof line);
    ck_assert_uint_eq(pair.client.lost, 2);
    ck_assert(!pair.client.gone);
    pair_close(&pair);
}
END_TEST

/* Reads all there is at the other end, and checks that every line in it is whole. */
static size_t read_lines(struct pair *pair, size_t at)
{
    char bytes[4096];
    ssize_t got;

    while ((got = recv(pair->peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        for (ssize_t i = 0; i < got; i++, at++)
            ck_assert_int_eq(bytes[i], at % sizeof line == sizeof line - 1 ? '\n' : 'x');
    return at;
}

START_TEST(who_reads_late_gets_whole_lines_and_then_the_new_ones)
{
    struct pair pair;
    size_t at = 0;

    fill_line('x');
    pair_open(&pair, 0);
    int sent = send_until_lost(&pair, CLIENT_SAMPLE, 0);
    for (int round = 0; round < 1000 && pair.client.queue.used > 0; round++) {
        at = read_lines(&pair, at);
        ck_assert_int_eq(client_events(&pair.client, 0) & POLLOUT, POLLOUT);
        client_serve(&pair.client, POLLOUT, 0);
    }
    at = read_lines(&pair, at);
    ck_assert_uint_eq(at, (size_t)sent * sizeof line);
    client_send(&pair.client, CLIENT_SAMPLE, line, sizeof line, 0);
    ck_assert_uint_eq(read_lines(&pair, at), at + sizeof line);
    ck_assert_uint_eq(pair.client.lost, 1);
    pair_close(&pair);
}
END_TEST

START_TEST(who_takes_nothing_for_thirty_seconds_is_stalled)
{
    int64_t now_ns = 1000 * NS_PER_S;
    char bytes[4096];
    struct pair pair;

    fill_line('x');
    pair_open(&pair, now_ns);
    /* With nothing to take nobody is stalled, however long it lasts. */
    ck_assert(!client_is_stalled(&pair.client, now_ns + 3600 * NS_PER_S));
    now_ns += 3600 * NS_PER_S;
    send_until_lost(&pair, CLIENT_SAMPLE, now_ns);
    ck_assert(!client_is_stalled(&pair.client, now_ns + 30 * NS_PER_S - 1));
    ck_assert(client_is_stalled(&pair.client, now_ns + 30 * NS_PER_S));
    /* One that takes something, however little, has begun anew. */
    for (int i = 0; i < 64 * 1024 / (int)sizeof bytes; i++)
        ck_assert_int_gt((int)recv(pair.peer, bytes, sizeof bytes, 0), 0);
    now_ns += 29 * NS_PER_S;
    client_serve(&pair.client, POLLOUT, now_ns);
    ck_assert_uint_gt(pair.client.queue.used, 0);
    ck_assert(!client_is_stalled(&pair.client, now_ns + 30 * NS_PER_S - 1));
    ck_assert(client_is_stalled(&pair.client, now_ns + 30 * NS_PER_S));
    pair_close(&pair);
}
END_TEST

START_TEST(one_that_has_gone_is_noted_by_reading_and_by_writing)
{
    struct pair pair;

    fill_line('x');
    pair_open(&pair, 0);
    close(pair.peer);
    pair.peer = -1;
    client_send(&pair.client, CLIENT_SAMPLE, line, sizeof line, 0);
    ck_assert(pair.client.gone);
    client_send(&pair.client, CLIENT_SAMPLE, line, sizeof line, 0); /* not again */
    pair_close(&pair);
    pair_open(&pair, 0);
    client_serve(&pair.client, POLLHUP | POLLIN, 0);
    ck_assert(pair.client.gone);
    pair_close(&pair);
}
END_TEST

START_TEST(an_end_of_input_is_noted_once_and_input_is_looked_at_ten_times_a_second)
{
    struct pair pair;

    pair_open(&pair, 0);
    ck_assert_int_eq(client_events(&pair.client, 0), POLLIN);
    ck_assert_int_eq((int)send(pair.peer, "garbage", 7, MSG_NOSIGNAL), 7);
    client_serve(&pair.client, POLLIN, 0);
    ck_assert_int_eq(client_events(&pair.client, 100 * NS_PER_MS - 1), 0);
    ck_assert_int_eq(client_events(&pair.client, 100 * NS_PER_MS), POLLIN);
    ck_assert_int_eq(shutdown(pair.peer, SHUT_WR), 0);
    client_serve(&pair.client, POLLIN, 100 * NS_PER_MS);
    ck_assert(!pair.client.gone);
    ck_assert_int_eq(client_events(&pair.client, NS_PER_S), 0);
    pair_close(&pair);
}
END_TEST

/* ---- line ---- */

static void expect(struct line *text, const char *expected)
{
    ck_assert_int_eq(line_end(text), 0);
    ck_assert_uint_eq(text->length, strlen(expected) + 1);
    ck_assert_int_eq(memcmp(text->bytes, expected, strlen(expected)), 0);
    ck_assert_int_eq(text->bytes[text->length - 1], '\n');
}

START_TEST(texts_and_times_become_json)
{
    static const struct {
        struct pausemon_instant time;
        const char *text;
    } rows[] = {
        {{0, 0, 0, 0}, "null"},
        {{0, 0, INT64_C(1769198400123456789), 0}, "\"2026-01-23T20:00:00.123456+00:00\""},
        {{0, 0, INT64_C(1769198400123456789), -8 * 3600}, "\"2026-01-23T12:00:00.123456-08:00\""},
        {{0, 0, INT64_C(1769198400000000000), 20700}, "\"2026-01-24T01:45:00.000000+05:45\""},
        {{0, 0, INT64_C(1769198400000000000), -12600}, "\"2026-01-23T16:30:00.000000-03:30\""},
    };
    struct line *text = malloc(sizeof *text);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        line_begin(text);
        line_add_time(text, &rows[i].time);
        expect(text, rows[i].text);
    }
    line_begin(text);
    line_add_text(text, "a\"b\\c\n\xff~");
    line_add_text(text, NULL);
    expect(text, "\"a\\\"b\\\\c??~\"null");
    free(text);
}
END_TEST

START_TEST(an_object_goes_on_where_the_line_was)
{
    struct line *text = malloc(sizeof *text);

    ck_assert_ptr_nonnull(text);
    line_begin(text);
    line_add(text, "{\"type\":\"%s\"", "x");
    size_t mark = text->length;
    line_join(text, mark, line_write(text, "{\"a\":1}", 7));
    expect(text, "{\"type\":\"x\",\"a\":1}");
    /* What an encoder refused, or what is no object, is never sent. */
    line_begin(text);
    line_join(text, 0, PAUSEMON_ERR_UNSUPPORTED);
    ck_assert_int_eq(line_end(text), -1);
    line_begin(text);
    line_join(text, 0, line_write(text, "[1]", 3));
    ck_assert_int_eq(line_end(text), -1);
    free(text);
}
END_TEST

START_TEST(a_line_is_under_sixty_kibibytes_or_is_not_sent)
{
    struct line *text = malloc(sizeof *text);

    ck_assert_ptr_nonnull(text);
    line_begin(text);
    for (size_t i = 0; i < LINE_SIZE - 1; i++)
        ck_assert_int_eq(line_write(text, "x", 1), 0);
    ck_assert_int_eq(line_end(text), 0);
    ck_assert_uint_lt(text->length, 60 * 1024);
    line_begin(text);
    for (size_t i = 0; i < LINE_SIZE - 1; i++)
        line_write(text, "x", 1);
    ck_assert_int_eq(line_write(text, "x", 1), PAUSEMON_ERR_LIMIT);
    ck_assert_int_eq(line_write(text, "", 0), PAUSEMON_ERR_LIMIT);
    ck_assert_int_eq(line_end(text), -1);
    line_begin(text); /* and the next is good again */
    ck_assert_int_eq(line_end(text), 0);
    free(text);
}
END_TEST

/* ---- budget ---- */

START_TEST(over_its_budget_it_looks_less_often_and_more_often_again_when_it_can)
{
    /* used, allowed, tier; then how many intervals apart looks are */
    static const struct {
        int64_t used, allowed;
        uint64_t tier, slower;
    } steps[] = {
        {9, 5, 1, 1},  {9, 5, 1, 1}, {5, 5, 1, 1}, /* twice over is no habit */
        {6, 5, 1, 1},  {6, 5, 1, 1}, {6, 5, 1, 2}, /* three times is */
        {4, 5, 1, 2},  {4, 5, 1, 2}, {4, 5, 1, 2}, /* twice the pace would be over it again */
        {90, 5, 1, 2}, {9, 5, 1, 2}, {9, 5, 1, 4}, {9, 5, 1, 4},
        {9, 5, 1, 4},  {9, 5, 1, 4},                             /* that is the slowest */
        {2, 5, 1, 4},  {2, 5, 1, 4}, {2, 5, 1, 2}, {9, 5, 2, 1}, /* what happens is to be seen */
        {9, 5, 3, 1},  {9, 5, 3, 1}, {9, 5, 3, 1}, {9, 5, 1, 1},
        {9, 5, 1, 1},  {9, 5, 1, 2}, {2, 5, 1, 2}, {2, 5, 1, 2},
        {2, 5, 1, 1},  {0, 5, 1, 1}, {0, 5, 1, 1}, {0, 5, 1, 1}, /* never faster than it was told */
    };
    struct budget budget;

    budget_begin(&budget);
    ck_assert_uint_eq(budget.slower, 1);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        uint64_t before = budget.slower;
        int changed = budget_judge(&budget, steps[i].used, steps[i].allowed, steps[i].tier);
        ck_assert_msg(budget.slower == steps[i].slower, "step %zu: %ju", i,
                      (uintmax_t)budget.slower);
        ck_assert_int_eq(changed, before != budget.slower);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("daemon");
    TCase *tests = tcase_create("parts");

    tcase_add_test(tests, a_queue_gives_back_what_was_put_in_and_never_half_a_line);
    tcase_add_test(tests, samples_are_lost_first_and_leave_room_for_what_is_rarer);
    tcase_add_test(tests, who_reads_late_gets_whole_lines_and_then_the_new_ones);
    tcase_add_test(tests, who_takes_nothing_for_thirty_seconds_is_stalled);
    tcase_add_test(tests, one_that_has_gone_is_noted_by_reading_and_by_writing);
    tcase_add_test(tests, an_end_of_input_is_noted_once_and_input_is_looked_at_ten_times_a_second);
    tcase_add_test(tests, texts_and_times_become_json);
    tcase_add_test(tests, an_object_goes_on_where_the_line_was);
    tcase_add_test(tests, over_its_budget_it_looks_less_often_and_more_often_again_when_it_can);
    tcase_add_test(tests, a_line_is_under_sixty_kibibytes_or_is_not_sent);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
