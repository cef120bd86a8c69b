/* SPDX-License-Identifier: MIT */
/* pausemon-monitor: the canvas, the bytes that draw it, and the keys. What is drawn is read by a
 * small terminal, which must then show the canvas. */
#include "harness.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "common/utf8.h"
#include "pausemon-monitor/keys.h"
#include "pausemon-monitor/paint.h"

static unsigned draw_number(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 16) % below;
}

/* ---- a terminal ---- */

#define LOOK_SIZE 16

struct shown {
    uint32_t point;
    int part; /* as enum canvas_part */
    char look[LOOK_SIZE];
};

struct screen {
    int rows, columns, row, column;
    char look[LOOK_SIZE];
    struct shown *cells;
};

static struct shown *shown_at(struct screen *screen, int row, int column)
{
    return &screen->cells[row * screen->columns + column];
}

static void blank(struct screen *screen, int row, int column)
{
    *shown_at(screen, row, column) = (struct shown){' ', PART_WHOLE, "0"};
}

static void screen_open(struct screen *screen, int rows, int columns)
{
    *screen = (struct screen){rows, columns, 0, 0, "0", NULL};
    screen->cells = calloc((size_t)rows * (size_t)columns, sizeof *screen->cells);
    ck_assert_ptr_nonnull(screen->cells);
    for (int i = 0; i < rows * columns; i++)
        blank(screen, i / columns, i % columns);
}

/* Half of a wide character takes the other half with it, as in a real one. */
static void show(struct screen *screen, uint32_t point, int width)
{
    ck_assert_int_lt(screen->row, screen->rows);
    ck_assert_int_le(screen->column + width, screen->columns);
    for (int i = 0; i < width; i++) {
        struct shown *cell = shown_at(screen, screen->row, screen->column + i);
        if (cell->part == PART_RIGHT && i == 0)
            blank(screen, screen->row, screen->column + i - 1);
        if (cell->part == PART_LEFT && i == width - 1)
            blank(screen, screen->row, screen->column + i + 1);
        cell->point = point;
        cell->part = width == 1 ? PART_WHOLE : i == 0 ? PART_LEFT : PART_RIGHT;
        memcpy(cell->look, screen->look, LOOK_SIZE);
    }
    screen->column += width;
}

/* "ESC [ row ; column H", "ESC [ … m", "ESC [ 2 J"; anything else fails. Returns its length. */
static size_t command(struct screen *screen, const char *at, size_t left)
{
    size_t length = 2;
    int row, column;

    ck_assert_uint_ge(left, 3);
    ck_assert_int_eq(at[1], '[');
    while (length < left && strchr("0123456789;", at[length]))
        length++;
    ck_assert_uint_lt(length, left);
    if (at[length] == 'm') {
        ck_assert_uint_lt(length - 2, LOOK_SIZE);
        snprintf(screen->look, LOOK_SIZE, "%.*s", (int)(length - 2), at + 2);
    } else if (at[length] == 'J') {
        ck_assert_int_eq(memcmp(at, "\033[2J", 4), 0);
        for (int i = 0; i < screen->rows * screen->columns; i++)
            blank(screen, i / screen->columns, i % screen->columns);
    } else {
        ck_assert_int_eq(at[length], 'H');
        ck_assert_int_eq(sscanf(at + 2, "%d;%d", &row, &column), 2);
        screen->row = row - 1;
        screen->column = column - 1;
    }
    return length + 1;
}

static void screen_take(struct screen *screen, const struct bytes *bytes)
{
    uint32_t point;

    for (size_t i = 0, step; i < bytes->used; i += step) {
        if (bytes->at[i] == '\033') {
            step = command(screen, bytes->at + i, bytes->used - i);
            continue;
        }
        step = utf8_next(bytes->at + i, bytes->used - i, &point);
        ck_assert_msg(utf8_is_harmless(point), "%x", point);
        show(screen, point, wcwidth((wchar_t)point) == 2 ? 2 : 1);
    }
}

/* Each style has one look, and no two styles the same. */
static void check_same(struct screen *screen, const struct canvas *canvas)
{
    const char *looks[STYLE_COUNT] = {NULL};

    for (int row = 0; row < canvas->rows; row++)
        for (int column = 0; column < canvas->columns; column++) {
            const struct canvas_cell *cell = canvas_at(canvas, row, column);
            const struct shown *is = shown_at(screen, row, column);
            ck_assert_uint_eq(is->point, cell->point);
            ck_assert_int_eq(is->part, cell->part);
            if (!looks[cell->style])
                looks[cell->style] = is->look;
            ck_assert_str_eq(looks[cell->style], is->look);
        }
    for (int a = 0; a < STYLE_COUNT; a++)
        for (int b = 0; b < a; b++)
            ck_assert(!looks[a] || !looks[b] || strcmp(looks[a], looks[b]) != 0);
}

/* ---- drawing by difference ---- */

static const char *const pieces[] = {"a",  "word",         "漢字",  "é",        "\033[31m",
                                     "█▁", "e\xcc\x81",    "🙂x", "\xff\xfe", " ",
                                     "\t", "\xe2\x80\xae", "",      "—…"};

static void scribble(struct canvas *canvas, unsigned *seed)
{
    for (unsigned i = draw_number(seed, 12); i > 0; i--) {
        const int row = (int)draw_number(seed, 12) - 1, column = (int)draw_number(seed, 34) - 1;
        const int width = (int)draw_number(seed, 12);
        const enum canvas_style style = (enum canvas_style)draw_number(seed, STYLE_COUNT);
        const char *text = pieces[draw_number(seed, sizeof pieces / sizeof pieces[0])];
        switch (draw_number(seed, 5)) {
        case 0:
            canvas_fill(canvas, row, column, width, style, 0x2588);
            break;
        case 1:
            canvas_put_right(canvas, row, column, width, style, text);
            break;
        default:
            canvas_put(canvas, row, column, width, style, text);
        }
    }
}

START_TEST(drawing_a_difference_gives_the_canvas)
{
    const int sizes[][2] = {{10, 30}, {1, 1}, {3, 2}, {10, 7}};
    struct canvas canvas = {0}, last = {0};
    struct screen screen;
    unsigned seed = 4711 + (unsigned)_i;

    ck_assert_int_eq(canvas_resize(&canvas, sizes[_i][0], sizes[_i][1]), 0);
    ck_assert_int_eq(canvas_resize(&last, sizes[_i][0], sizes[_i][1]), 0);
    screen_open(&screen, canvas.rows, canvas.columns);
    for (int round = 0; round < 600; round++) {
        struct bytes bytes = {0};
        if (draw_number(&seed, 20) == 0)
            canvas_clear(&canvas);
        scribble(&canvas, &seed);
        const int is_known = round > 0 && draw_number(&seed, 50) > 0;
        paint(&bytes, &canvas, is_known ? &last : NULL, 1);
        screen_take(&screen, &bytes);
        check_same(&screen, &canvas);
        memcpy(last.cells, canvas.cells,
               (size_t)canvas.rows * (size_t)canvas.columns * sizeof *canvas.cells);
        bytes_free(&bytes);
        paint(&bytes, &canvas, &last, 1);
        ck_assert_uint_eq(bytes.used, 0);
        bytes_free(&bytes);
    }
    free(screen.cells);
    canvas_free(&canvas);
    canvas_free(&last);
}
END_TEST

START_TEST(without_color_no_color_is_asked_for)
{
    struct canvas canvas = {0};
    struct bytes bytes = {0};

    ck_assert_int_eq(canvas_resize(&canvas, STYLE_COUNT, 4), 0);
    for (int i = 0; i < STYLE_COUNT; i++)
        canvas_put(&canvas, i, 0, 4, (enum canvas_style)i, "x");
    paint(&bytes, &canvas, NULL, 0);
    bytes_add(&bytes, "", 1);
    for (const char *at = bytes.at; (at = strstr(at, "\033[")); at++)
        if (at[strcspn(at, "mHJ")] == 'm')
            for (const char *code = at + 2; code < at + strcspn(at, "m"); code++)
                ck_assert_msg(!((*code == '3' || *code == '4') && code[1] >= '0' && code[1] <= '9'),
                              "%.8s", at + 1);
    bytes_free(&bytes);
    canvas_free(&canvas);
}
END_TEST

START_TEST(what_does_not_fit_is_cut_and_says_so)
{
    struct canvas canvas = {0};
    char text[CANVAS_ROW_SIZE];

    ck_assert_int_eq(canvas_resize(&canvas, 1, 10), 0);
    ck_assert_int_eq(canvas_put(&canvas, 0, 0, 5, STYLE_PLAIN, "abcdefgh"), 5);
    canvas_row_text(&canvas, 0, text);
    ck_assert_str_eq(text, "abcd…");
    canvas_clear(&canvas);
    ck_assert_int_eq(canvas_put(&canvas, 0, 0, 4, STYLE_PLAIN, "漢字漢"), 3);
    canvas_row_text(&canvas, 0, text);
    ck_assert_str_eq(text, "漢…");
    canvas_clear(&canvas);
    canvas_put_right(&canvas, 0, 2, 6, STYLE_PLAIN, "12");
    canvas_row_text(&canvas, 0, text);
    ck_assert_str_eq(text, "      12");
    canvas.is_ascii = 1;
    canvas_clear(&canvas);
    canvas_put(&canvas, 0, 0, 4, STYLE_PLAIN, "é漢xyz");
    canvas_row_text(&canvas, 0, text);
    ck_assert_str_eq(text, "\?\?x~");
    ck_assert_int_eq(canvas_put(&canvas, 0, 99, 4, STYLE_PLAIN, "x"), 0);
    ck_assert_int_eq(canvas_put(&canvas, -1, 0, 4, STYLE_PLAIN, "x"), 0);
    ck_assert_int_eq(canvas_put(&canvas, 0, 0, -4, STYLE_PLAIN, "x"), 0);
    canvas_free(&canvas);
}
END_TEST

START_TEST(a_size_beyond_all_bounds_is_brought_within)
{
    struct canvas canvas = {0};

    ck_assert_int_eq(canvas_resize(&canvas, 65535, 65535), 0);
    ck_assert_int_eq(canvas.rows, CANVAS_MAX_ROWS);
    ck_assert_int_eq(canvas.columns, CANVAS_MAX_COLUMNS);
    ck_assert_int_eq(canvas_resize(&canvas, 0, -3), 0);
    ck_assert_int_eq(canvas.rows * canvas.columns, 1);
    canvas_free(&canvas);
}
END_TEST

/* ---- keys ---- */

/* The last key that these bytes give. */
static int last_key(const char *bytes)
{
    struct keys keys = {.used = 0};
    int last = KEY_NONE;

    for (; *bytes; bytes++) {
        const int key = keys_put(&keys, (unsigned char)*bytes);
        last = key ? key : last;
    }
    const int key = keys_give_up(&keys);
    return key ? key : last;
}

START_TEST(keys_are_what_terminals_send)
{
    static const struct {
        const char *bytes;
        int key;
    } rows[] = {
        {"q", 'q'},
        {"\033[A", KEY_UP},
        {"\033OA", KEY_UP},
        {"\033[B", KEY_DOWN},
        {"\033[C", KEY_RIGHT},
        {"\033[D", KEY_LEFT},
        {"\033[H", KEY_HOME},
        {"\033[1~", KEY_HOME},
        {"\033OF", KEY_END},
        {"\033[4~", KEY_END},
        {"\033[5~", KEY_PAGE_UP},
        {"\033[6~", KEY_PAGE_DOWN},
        {"\r", KEY_ENTER},
        {"\n", KEY_ENTER},
        {"\014", KEY_REDRAW},
        {"\033", KEY_ESCAPE},
        {"\033\033[A", KEY_UP},
        {"\033x", KEY_NONE},
        {"\033[", KEY_NONE},
        {"\033[99999999999999999999999999A", KEY_NONE},
        {"\033[1;5A", KEY_NONE},
        {"\303\251", KEY_NONE},
        {"\033[12\033[B", KEY_DOWN},
        {"\033[1\nq", 'q'},
        {"\001", KEY_NONE},
        {"\177", KEY_NONE},
        {"\033[200~q", 'q'},
        {"\033[A\033[B", KEY_DOWN},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(last_key(rows[i].bytes) == rows[i].key, "%zu: %d", i,
                      last_key(rows[i].bytes));
}
END_TEST

START_TEST(any_bytes_are_survived_and_keys_are_found_behind_them)
{
    struct keys keys = {.used = 0};
    unsigned seed = 99;

    for (int i = 0; i < 100000; i++) {
        const unsigned char byte = (unsigned char)draw_number(&seed, 256);
        const int key = keys_put(&keys, draw_number(&seed, 4) ? byte : 27);
        ck_assert(key >= 0 && key <= KEY_END && (key < 127 || key >= KEY_UP));
        if (draw_number(&seed, 10) == 0)
            keys_give_up(&keys);
        ck_assert_uint_le(keys.used, KEYS_MAX_SEQUENCE + 1);
    }
    keys_give_up(&keys);
    ck_assert(!keys_wait(&keys));
    ck_assert_int_eq(keys_put(&keys, 'q'), 'q');
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("screen");
    TCase *all = tcase_create("all");

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "en_US.UTF-8");
    tcase_add_loop_test(all, drawing_a_difference_gives_the_canvas, 0, 4);
    tcase_add_test(all, without_color_no_color_is_asked_for);
    tcase_add_test(all, what_does_not_fit_is_cut_and_says_so);
    tcase_add_test(all, a_size_beyond_all_bounds_is_brought_within);
    tcase_add_test(all, keys_are_what_terminals_send);
    tcase_add_test(all, any_bytes_are_survived_and_keys_are_found_behind_them);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
