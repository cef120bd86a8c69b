/* SPDX-License-Identifier: MIT */
/* Lines of the daemon's socket, as pausemon-monitor takes them: whatever they say, what is known
 * stays within its bounds, and every view of it is a grid of harmless characters. */
#include "fuzz.h"

#include <locale.h>

#include "common/utf8.h"
#include "pausemon-monitor/detail.h"
#include "pausemon-monitor/paint.h"
#include "pausemon-monitor/view.h"

static void check_known(const struct known *known)
{
    FUZZ_CHECK(known->stress_count <= KNOWN_STRESS && known->calm_count <= KNOWN_CALM);
    FUZZ_CHECK(known->worst_count <= PAUSEMON_MAX_ROGUES);
    FUZZ_CHECK(known->pause_count <= KNOWN_ROWS && known->event_count <= KNOWN_ROWS);
    FUZZ_CHECK(known->tier <= PAUSEMON_TIER_CRITICAL);
    for (size_t i = 0; i < known->stress_count; i++)
        FUZZ_CHECK(known->stress[i] <= 100 && known->tiers[i] <= PAUSEMON_TIER_CRITICAL);
    for (size_t i = 1; i < known->event_count; i++)
        FUZZ_CHECK(known->events[i - 1].start_ns >= known->events[i].start_ns);
    for (size_t i = 1; i < known->pause_count; i++)
        FUZZ_CHECK(known->pauses[i - 1].start_ns >= known->pauses[i].start_ns);
}

/* Nothing but what paint() itself says to the terminal. */
static void check_painted(const struct canvas *canvas)
{
    struct bytes bytes = {NULL, 0, 0, 0};
    uint32_t point;

    paint(&bytes, canvas, NULL, 1);
    for (size_t i = 0, step; i < bytes.used; i += step) {
        step = utf8_next(bytes.at + i, bytes.used - i, &point);
        FUZZ_CHECK(utf8_is_harmless(point) || point == 27);
        FUZZ_CHECK(point != 27 || (i + 1 < bytes.used && bytes.at[i + 1] == '['));
    }
    bytes_free(&bytes);
}

static void check_views(const struct known *known, uint64_t *seed)
{
    struct canvas canvas = {.is_ascii = (int)fuzz_draw(seed, 2)};
    struct ui ui;

    ui_init(&ui);
    FUZZ_CHECK(
        canvas_resize(&canvas, 1 + (int)fuzz_draw(seed, 70), 1 + (int)fuzz_draw(seed, 210)) == 0);
    for (enum ui_view view = VIEW_MAIN; view <= VIEW_DETAIL; view++) {
        ui.view = view;
        if (view == VIEW_DETAIL && known->pause_count > 0) {
            const struct pausemon_pause *pause = known_find_pause(known, known->pauses[0].id);
            ui_set_detail(&ui, pause ? pause_text(pause, known->now_ns) : NULL);
        }
        ui_fit(&ui, known, canvas.rows);
        view_draw(&canvas, known, &ui);
        check_painted(&canvas);
    }
    ui_free(&ui);
    canvas_free(&canvas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct known *known = known_new();
    uint64_t seed = fuzz_seed(data, size);

    FUZZ_CHECK(known && setlocale(LC_CTYPE, "C.UTF-8"));
    known->now_ns = INT64_C(1769169871) * 1000000000;
    known->link = LINK_UP;
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        const size_t length = end ? (size_t)(end - data) : size;
        char *line = fuzz_copy(data, length);
        known->now_ms += 1000;
        const int status = known_hear(known, line, length);
        FUZZ_CHECK(status == 0 || status == -1 || status == -3);
        free(line);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    check_known(known);
    check_views(known, &seed);
    known_free(known);
    return 0;
}
