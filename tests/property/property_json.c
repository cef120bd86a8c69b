/* SPDX-License-Identifier: MIT */
/* decode(encode(x)) = x for samples that a collector made of random machines with names of any
 * bytes; and no sample, however bad its names and numbers, reaches 60 KiB. */
#include "world.h"

#include <inttypes.h>
#include <string.h>

#define ROUNDS 150
#define HOSTILE_ROUNDS 60
#define NAME_ROUNDS 4000
#define LOOKS 6
#define LIMIT (60u * 1024u)
#define EXACT (UINT64_C(1) << 50) /* below this no number may lose anything */

static struct world world; /* too large for the stack */

static struct text encode(const struct pausemon_sample *sample)
{
    struct text text = {0};
    int status = pausemon_json_encode_sample(sample, text_write, &text);

    DRAW_CHECK(world.draw, status == 0, "encode gives %d", status);
    DRAW_CHECK(world.draw, text.length > 2 && text.length < LIMIT, "the text has %zu bytes",
               text.length);
    DRAW_CHECK(world.draw, strlen(text.bytes) == text.length, "a NUL at %zu of %zu",
               strlen(text.bytes), text.length);
    for (size_t i = 0, step; i < text.length; i += step) {
        step = model_utf8((const unsigned char *)text.bytes + i, text.length - i);
        DRAW_CHECK(world.draw, step > 0 && (unsigned char)text.bytes[i] >= 0x20,
                   "byte 0x%02x at %zu is no UTF-8 or a control byte", (unsigned char)text.bytes[i],
                   i);
    }
    return text;
}

static void decode(struct pausemon_sample *sample, const struct text *text)
{
    struct pausemon_error error = {0};
    int status = pausemon_json_decode_sample(sample, text->bytes, text->length, &error);

    DRAW_CHECK(world.draw, status == 0, "decode gives %d %s, of: %.600s", status, error.text,
               text->bytes);
}

static bool near(int64_t is, int64_t expected, int64_t unit)
{
    return is % unit == 0 && is - expected < unit && expected - is < unit;
}

/* Text has the time in microseconds and the elapsed time in milliseconds; cut or rounded. */
static void check_times(const struct pausemon_sample_info *is,
                        const struct pausemon_sample_info *expected)
{
    DRAW_CHECK(world.draw, near(is->time.realtime_ns, expected->time.realtime_ns, 1000),
               "realtime is %" PRId64 ", expected %" PRId64, is->time.realtime_ns,
               expected->time.realtime_ns);
    DRAW_CHECK(world.draw, is->time.utc_offset_s == expected->time.utc_offset_s,
               "offset is %" PRId64 ", expected %" PRId64, is->time.utc_offset_s,
               expected->time.utc_offset_s);
    DRAW_CHECK(world.draw, near((int64_t)is->elapsed_ns, (int64_t)expected->elapsed_ns, 1000000),
               "elapsed is %" PRIu64 ", expected %" PRIu64, is->elapsed_ns, expected->elapsed_ns);
}

static void check_info(const struct pausemon_sample *decoded, const struct pausemon_sample *made)
{
    const struct pausemon_sample_info *is = pausemon_sample_get_info(decoded);
    const struct pausemon_sample_info *info = pausemon_sample_get_info(made);
    struct pausemon_sample_info expected = {.size = sizeof expected};
    struct same_what what = {""};

    check_times(is, info);
    expected.time = is->time;
    expected.time.monotonic_ns = info->time.monotonic_ns;
    expected.time.boottime_ns = 0;
    expected.elapsed_ns = is->elapsed_ns;
    expected.process_count = info->process_count;
    expected.rogue_count = info->rogue_count;
    expected.rogues_omitted = info->rogues_omitted;
    expected.max_score = info->max_score;
    expected.unreadable = info->unreadable;
    expected.complete = is->complete; /* not among the keys; the header is silent */
    for (size_t i = 0; i < info->rogue_count; i++)
        expected.rated_count += (pausemon_sample_get_rogue(made, i)->have &
                                 (PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_PAGEINS | PAUSEMON_HAVE_CSW |
                                  PAUSEMON_HAVE_SYSBSD)) != 0;
    DRAW_CHECK(world.draw, same_counts(&what, is, &expected), "decoded %s", what.text);
    DRAW_CHECK(world.draw, is->cost_us == info->cost_us && is->stress == info->stress,
               "cost_us is %" PRIu64 ", expected %" PRIu64 "; stress is %" PRIu64
               ", expected %" PRIu64,
               is->cost_us, info->cost_us, is->stress, info->stress);
}

/* What is not in the text is 0; the rest is what it was. */
static void check_rogue(const struct pausemon_process *is, const struct pausemon_process *made)
{
    struct same_what what = {""};
    struct pausemon_process nothing = PAUSEMON_PROCESS_INIT;

    DRAW_CHECK(world.draw, is && same_process(&what, is, made, SAME_TEXT), "decoded %s",
               is ? what.text : "rogues: one is missing");
    nothing.pid = is->pid;
    memcpy(nothing.command, is->command, sizeof nothing.command);
    DRAW_CHECK(world.draw, same_process(&what, is, &nothing, SAME_BLAME | SAME_BLOCKED),
               "decoded, for blame: %s", what.text);
}

static void check_name(const char *name)
{
    size_t length = strnlen(name, PAUSEMON_COMMAND_SIZE);

    DRAW_CHECK(world.draw, length < PAUSEMON_COMMAND_SIZE, "a name without end: %.64s", name);
    for (size_t i = 0, step; i < length; i += step) {
        step = model_utf8((const unsigned char *)name + i, length - i);
        unsigned char byte = (unsigned char)name[i];
        DRAW_CHECK(world.draw, step > 0 && byte >= 0x20 && byte != 0x7f,
                   "byte 0x%02x at %zu stays in a name", byte, i);
    }
}

static void round_trip(struct pausemon_sample *decoded, uint64_t *rogues)
{
    struct text text = encode(world.sample);

    decode(decoded, &text);
    check_info(decoded, world.sample);
    for (size_t i = 0; i < pausemon_sample_get_info(world.sample)->rogue_count; i++) {
        const struct pausemon_process *made = pausemon_sample_get_rogue(world.sample, i);
        check_name(made->command);
        check_rogue(pausemon_sample_get_rogue(decoded, i), made);
        ++*rogues;
    }
    struct text again = encode(decoded);
    DRAW_CHECK(world.draw, strcmp(again.bytes, text.bytes) == 0,
               "encoded again: %.450s\ninstead of: %.450s", again.bytes, text.bytes);
    text_free(&again);
    text_free(&text);
}

/* Any time of day and any zone, so that the timestamp is tried, too. */
static void random_clock(struct draw *draw)
{
    world.harness.now.realtime_ns = (int64_t)draw_below(draw, UINT64_C(4000000000000000000));
    world.harness.now.utc_offset_s = ((int64_t)draw_below(draw, 26 * 4 + 1) - 12 * 4) * 900;
}

START_TEST(a_sample_read_back_is_the_sample_that_was_written)
{
    struct pausemon_sample *decoded;
    uint64_t rogues = 0;

    ck_assert_int_eq(pausemon_sample_new(&decoded, NULL, NULL), 0);
    for (size_t round = 0; round < draw_rounds(ROUNDS); round++) {
        struct draw draw = draw_begin(5001, round);
        world_open(&world, &draw, draw_chance(&draw, 30) ? WORLD_TINY : WORLD_HONEST,
                   draw_chance(&draw, 10) ? WORLD_PIDS : draw_between(&draw, 1, 24));
        world.any_names = true;
        random_clock(&draw);
        for (int look = 0; look < LOOKS; look++) {
            world_step(&world);
            world_look(&world);
            round_trip(decoded, &rogues);
        }
        world_close(&world);
    }
    pausemon_sample_free(decoded);
    ck_assert_uint_gt(rogues, ROUNDS);
}
END_TEST

/* A number below EXACT comes back as it was; one above as one above. */
static void check_hostile(const struct pausemon_process *is, const struct pausemon_process *made)
{
    DRAW_CHECK(world.draw,
               is && is->pid == made->pid && is->score == made->score &&
                   is->categories == made->categories && is->state == made->state &&
                   strcmp(is->command, made->command) == 0,
               "the rogue of pid %" PRId64 " is another", made->pid);
    for (size_t i = 0; i < MODEL_METRICS; i++) {
        uint64_t value = model_value(is, i), expected = model_value(made, i);
        DRAW_CHECK(world.draw, value == expected || (value >= EXACT && expected >= EXACT),
                   "pid %" PRId64 ": %s is %" PRIu64 ", expected %" PRIu64, made->pid,
                   model_metrics[i].name, value, expected);
    }
}

START_TEST(a_sample_of_hostile_numbers_is_written_and_can_be_read)
{
    struct pausemon_sample *decoded;
    uint64_t huge = 0;

    ck_assert_int_eq(pausemon_sample_new(&decoded, NULL, NULL), 0);
    for (size_t round = 0; round < draw_rounds(HOSTILE_ROUNDS); round++) {
        struct draw draw = draw_begin(5002, round);
        world_open(&world, &draw, WORLD_HOSTILE, draw_between(&draw, 1, WORLD_PIDS));
        world.any_names = true;
        for (int look = 0; look < LOOKS; look++) {
            world_step(&world);
            world_look(&world);
            struct text text = encode(world.sample);
            decode(decoded, &text);
            text_free(&text);
            for (size_t i = 0; i < pausemon_sample_get_info(world.sample)->rogue_count; i++) {
                const struct pausemon_process *made = pausemon_sample_get_rogue(world.sample, i);
                check_hostile(pausemon_sample_get_rogue(decoded, i), made);
                huge += made->mem > INT64_MAX;
            }
        }
        world_close(&world);
    }
    pausemon_sample_free(decoded);
    ck_assert_uint_gt(huge, 0);
}
END_TEST

/* ---- The largest ---- */

static void make_worst_row(struct pausemon_row *row, const char *filler, int64_t number)
{
    size_t width = strlen(filler);

    *row = (struct pausemon_row)PAUSEMON_ROW_INIT;
    row->have = PAUSEMON_HAVE_RUN_DELAY - 1; /* all that stands in the text */
    row->pid = INT64_MAX - number;
    row->ppid = row->start_time = INT64_MAX - 1;
    row->state = PAUSEMON_STATE_UNINTERRUPTIBLE; /* stuck, and that is the score's largest */
    row->mem = row->cmprs = row->threads = UINT64_MAX - 1;
    for (size_t used = 0; used + width < PAUSEMON_COMMAND_SIZE; used += width)
        memcpy(row->command + used, filler, width);
}

static void all_selected(struct pausemon_config *config)
{
    for (size_t i = 0; i < MODEL_METRICS; i++) {
        char name[128];
        snprintf(name, sizeof name, "rogue_selection.%s.count", model_metrics[i].name);
        ck_assert_int_eq(pausemon_config_set(config, name, "64", NULL), 0);
    }
    ck_assert_int_eq(pausemon_config_set(config, "scoring.stuck_after_ms", "0", NULL), 0);
    ck_assert_int_eq(
        pausemon_config_set(config, "rogue_selection.state.states", "[\"stuck\"]", NULL), 0);
}

/* A world whose rows the test makes, and where all of them are rogues. */
static void open_plain(struct draw *draw)
{
    memset(&world, 0, sizeof world);
    world.draw = draw;
    harness_init(&world.harness);
    ck_assert_int_eq(pausemon_config_new(&world.config, &world.harness.host, NULL), 0);
    all_selected(world.config);
    ck_assert_int_eq(player_open(&world.source, &world.player, &world.harness.host), 0);
    ck_assert_int_eq(pausemon_collector_new(&world.collector, world.config, world.source,
                                            &world.harness.host, NULL),
                     0);
}

static void look_at_worst(const char *filler)
{
    for (world.count = 0; world.count < 80; world.count++)
        make_worst_row(&world.rows[world.count], filler, (int64_t)world.count);
    world.player.rows = world.rows;
    world.player.count = world.count;
    for (int look = 0; look < 2; look++) {
        ck_assert_int_eq(pausemon_collector_collect(&world.sample, world.collector, NULL), 0);
        for (size_t i = 0; i < world.count; i++) {
            struct pausemon_row *row = &world.rows[i];
            row->cpu_ns = row->pageins = row->csw = row->sysbsd = UINT64_MAX;
        }
        harness_tick(&world.harness, 1); /* the shorter, the larger the rates */
    }
}

START_TEST(sixty_four_rogues_with_the_worst_names_stay_below_60_kib)
{
    static const char *const fillers[] = {"\"", "\\", "/", "\x7f", "\x1b",
                                          "<",  "é",  "€", "𝄞",    "\xff"};
    struct draw draw = draw_begin(5003, 0);
    struct pausemon_sample *decoded;

    ck_assert_int_eq(pausemon_sample_new(&decoded, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
        draw.round = i;
        open_plain(&draw);
        look_at_worst(fillers[i]);
        ck_assert_uint_eq(pausemon_sample_get_info(world.sample)->rogue_count, 64);
        ck_assert_uint_eq(pausemon_sample_get_rogue(world.sample, 63)->categories, 0x1ff);
        struct text text = encode(world.sample);
        ck_assert_uint_gt(text.length, 64 * 250);
        decode(decoded, &text);
        for (size_t k = 0; k < 64; k++)
            check_hostile(pausemon_sample_get_rogue(decoded, k),
                          pausemon_sample_get_rogue(world.sample, k));
        text_free(&text);
        world_close(&world);
    }
    pausemon_sample_free(decoded);
}
END_TEST

/* ---- Names ---- */

/* The rogues of one look with these names, in the order of `names`. */
static void look_at_names(char names[][PAUSEMON_COMMAND_SIZE], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pausemon_row *row = &world.rows[i];
        *row = (struct pausemon_row)PAUSEMON_ROW_INIT;
        row->pid = (int64_t)i;
        row->state = PAUSEMON_STATE_UNINTERRUPTIBLE;
        memcpy(row->command, names[i], sizeof row->command);
    }
    world.player.rows = world.rows;
    world.player.count = count;
    ck_assert_int_eq(pausemon_collector_collect(&world.sample, world.collector, NULL), 0);
    ck_assert_uint_eq(pausemon_sample_get_info(world.sample)->rogue_count, count);
}

START_TEST(every_ascii_byte_in_a_name_comes_back_or_is_a_question_mark)
{
    struct draw draw = draw_begin(5004, 0);
    char names[32][PAUSEMON_COMMAND_SIZE];
    struct pausemon_sample *decoded;
    uint64_t rogues = 0;

    ck_assert_int_eq(pausemon_sample_new(&decoded, NULL, NULL), 0);
    open_plain(&draw);
    for (int base = 0; base < 128; base += 32) {
        for (int i = 0; i < 32; i++)
            snprintf(names[i], sizeof names[i], "a%cb", base + i ? base + i : 'a');
        look_at_names(names, 32);
        for (int i = 0; i < 32; i++) {
            const char *is = pausemon_sample_get_rogue(world.sample, (size_t)i)->command;
            bool control = names[i][1] < 0x20 || names[i][1] == 0x7f;
            const char *expected = control ? "a?b" : names[i];
            DRAW_CHECK(&draw, strcmp(is, expected) == 0, "byte 0x%02x: \"%.64s\", expected \"%s\"",
                       (unsigned)(base + i), is, expected);
        }
        round_trip(decoded, &rogues);
    }
    pausemon_sample_free(decoded);
    world_close(&world);
    ck_assert_uint_eq(rogues, 128);
}
END_TEST

START_TEST(names_of_any_bytes_are_clean_when_they_leave_and_come_back_as_they_left)
{
    char names[64][PAUSEMON_COMMAND_SIZE], clean[PAUSEMON_COMMAND_SIZE];
    struct pausemon_sample *decoded;
    uint64_t rogues = 0, kept = 0;

    ck_assert_int_eq(pausemon_sample_new(&decoded, NULL, NULL), 0);
    for (size_t round = 0; round < draw_rounds(NAME_ROUNDS / 64); round++) {
        struct draw draw = draw_begin(5005, round);
        open_plain(&draw);
        for (size_t i = 0; i < 64; i++)
            world_any_name(&draw, names[i]);
        look_at_names(names, 64);
        for (size_t i = 0; i < 64; i++) {
            const char *is = pausemon_sample_get_rogue(world.sample, i)->command;
            model_clean(clean, names[i]);
            if (strncmp(clean, names[i], sizeof clean) != 0 || strstr(clean, "\xc2\x85"))
                continue; /* C1 control characters: `?` or as they are */
            kept++;
            DRAW_CHECK(&draw, strcmp(is, clean) == 0, "\"%.64s\" became \"%.64s\"", clean, is);
        }
        round_trip(decoded, &rogues);
        world_close(&world);
    }
    pausemon_sample_free(decoded);
    ck_assert_uint_gt(kept, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("property_json");
    TCase *tcase = tcase_create("json");

    tcase_set_timeout(tcase, DRAW_TIMEOUT_S);
    tcase_add_test(tcase, a_sample_read_back_is_the_sample_that_was_written);
    tcase_add_test(tcase, a_sample_of_hostile_numbers_is_written_and_can_be_read);
    tcase_add_test(tcase, sixty_four_rogues_with_the_worst_names_stay_below_60_kib);
    tcase_add_test(tcase, every_ascii_byte_in_a_name_comes_back_or_is_a_question_mark);
    tcase_add_test(tcase, names_of_any_bytes_are_clean_when_they_leave_and_come_back_as_they_left);
    suite_add_tcase(suite, tcase);
    return harness_run(suite);
}
