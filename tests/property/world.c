/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <string.h>

#define MS INT64_C(1000000)
#define CPU_BITS ((uint64_t)(PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_CPU_RATE))

/* Numbers of a row. What a busy process adds to a counter in a second, or has of a gauge. */
#define AT(member) offsetof(struct pausemon_row, member)
static const struct {
    uint64_t have;
    size_t offset;
    bool counter;
    uint64_t scale;
} numbers[] = {
    {PAUSEMON_HAVE_CPU, AT(cpu_ns), true, 1500000000},
    {PAUSEMON_HAVE_CPU_RATE, AT(cpu_rate), false, 1500},
    {PAUSEMON_HAVE_MEM, AT(mem), false, UINT64_C(10000000000)},
    {PAUSEMON_HAVE_CMPRS, AT(cmprs), false, 1500000000},
    {PAUSEMON_HAVE_PAGEINS, AT(pageins), true, 1500},
    {PAUSEMON_HAVE_CSW, AT(csw), true, 150000},
    {PAUSEMON_HAVE_SYSBSD, AT(sysbsd), true, 150000},
    {PAUSEMON_HAVE_THREADS, AT(threads), false, 1500},
    {PAUSEMON_HAVE_RUN_DELAY, AT(run_delay_ns), true, 1500000000},
    {PAUSEMON_HAVE_IO_BYTES, AT(io_bytes), true, 1500000000},
    {PAUSEMON_HAVE_CHILD_CPU, AT(child_cpu_ns), true, 1500000000},
};
#undef AT
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static uint64_t all_numbers(void)
{
    uint64_t have = 0;

    for (size_t i = 0; i < NUMBERS; i++)
        have |= numbers[i].have;
    return have;
}

static uint64_t random_number(struct world *world, uint64_t scale)
{
    struct draw *draw = world->draw;

    if (world->numbers == WORLD_TINY)
        return draw_below(draw, 4) * (scale < 1000 ? 1 : scale / 1000);
    if (world->numbers == WORLD_HOSTILE && draw_chance(draw, 50))
        return draw_hostile(draw);
    return draw_chance(draw, 30) ? 0 : draw_below(draw, scale);
}

static uint64_t next_number(struct world *world, size_t i, uint64_t before, bool idle)
{
    struct draw *draw = world->draw;
    uint64_t step = random_number(world, numbers[i].scale);

    if (numbers[i].have & CPU_BITS && idle && draw_chance(draw, 80))
        return numbers[i].counter ? before : 0;
    if (!numbers[i].counter)
        return draw_chance(draw, 50) ? before : step;
    if (draw_chance(draw, 3))
        return before ? draw_below(draw, before) : 0; /* it fell */
    return before + step;
}

/* `known`: the row before of the same identity, or NULL. */
static void fill_numbers(struct world *world, struct pausemon_row *row,
                         const struct pausemon_row *known)
{
    bool idle = row->state == PAUSEMON_STATE_UNINTERRUPTIBLE;

    for (size_t i = 0; i < NUMBERS; i++) {
        uint64_t before, value = draw_bits(world->draw); /* without its bit: it means nothing */
        if (row->have & numbers[i].have)
            value = random_number(world, numbers[i].scale);
        if (known && (row->have & known->have & numbers[i].have)) {
            memcpy(&before, (const char *)known + numbers[i].offset, sizeof before);
            value = next_number(world, i, before, idle);
        }
        memcpy((char *)row + numbers[i].offset, &value, sizeof value);
    }
    if (row->have & PAUSEMON_HAVE_PPID)
        row->ppid = known ? known->ppid : (int64_t)draw_below(world->draw, 100);
}

static uint64_t random_state(struct world *world, const struct model_entry *known)
{
    if (draw_chance(world->draw, known && known->waiting ? 70 : 15))
        return PAUSEMON_STATE_UNINTERRUPTIBLE;
    return draw_below(world->draw, PAUSEMON_STATE_UNINTERRUPTIBLE);
}

static uint64_t random_have(struct world *world)
{
    uint64_t all = all_numbers() | PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME;

    if (draw_chance(world->draw, 75))
        return draw_chance(world->draw, 90) ? all & ~(uint64_t)PAUSEMON_HAVE_CPU_RATE : all;
    all &= draw_bits(world->draw);
    /* most have a start time; some have nothing but a rate of CPU */
    return draw_chance(world->draw, 50) ? all | PAUSEMON_HAVE_START_TIME
                                        : all & ~(uint64_t)PAUSEMON_HAVE_CPU;
}

void world_any_name(struct draw *draw, char command[PAUSEMON_COMMAND_SIZE])
{
    static const char *const bits[] = {"\"",
                                       "\\",
                                       "\x7f",
                                       "\x1b[2J",
                                       "é",
                                       "€",
                                       "𝄞",
                                       "\xe2\x82",
                                       "\xf0\x9d\x84",
                                       "\xc0\xaf",
                                       "\xed\xa0\x80",
                                       "\xff",
                                       "\xf4\x90\x80\x80",
                                       "/",
                                       "<",
                                       "\\u0000",
                                       "\xc2\x85"};
    size_t limit = draw_chance(draw, 40) ? PAUSEMON_COMMAND_SIZE : draw_between(draw, 1, 24);
    size_t length = 0;

    memset(command, 0, PAUSEMON_COMMAND_SIZE);
    while (length < limit) {
        char byte = (char)draw_between(draw, 1, 127);
        const char *from = &byte;
        size_t width = 1;
        if (draw_chance(draw, 40)) {
            from = bits[draw_below(draw, sizeof bits / sizeof *bits)];
            width = strlen(from);
        }
        if (width > limit - length)
            width = limit - length; /* cut, perhaps inside a character */
        memcpy(command + length, from, width);
        length += width;
    }
}

/* Another name than `not`, which may be NULL. What two of these become when cleaned differs. */
static void pick_name(struct world *world, char command[PAUSEMON_COMMAND_SIZE], const char * not )
{
    static const char *const names[] = {
        "sh",
        "Firefox",
        "a (b) c",
        "xFiReb) y",
        "line\nbreak",
        "näme",
        "\xff\x01",
        "MOTU helper",
        "0123456789012345678901234567890123456789012345678901234567890123", /* 64: no NUL */
        "01234567890123456789012345678901234567890123456789012345678901€"};
    const char *name;

    if (world->any_names) {
        world_any_name(world->draw, command);
        return;
    }
    do
        name = names[draw_below(world->draw, sizeof names / sizeof *names)];
    while (not &&strncmp(name, not, PAUSEMON_COMMAND_SIZE) == 0);
    memset(command, 0, PAUSEMON_COMMAND_SIZE);
    memcpy(command, name, strnlen(name, PAUSEMON_COMMAND_SIZE));
}

static int64_t random_start(struct draw *draw)
{
    return (int64_t)(draw_chance(draw, 5) ? INT64_MAX - draw_below(draw, 3)
                                          : 1 + draw_below(draw, 100000));
}

/* A row of all that is known; the same identity as `known`, or, if that is NULL, a new one. */
static void make_full(struct world *world, struct pausemon_row *row,
                      const struct model_entry *known)
{
    struct draw *draw = world->draw;
    const struct pausemon_row *before = known ? &known->row : NULL;

    row->verb = PAUSEMON_ROW_FULL;
    row->have = random_have(world);
    row->state = random_state(world, known);
    if (draw_chance(draw, 8))
        row->denied = all_numbers() & draw_bits(draw);
    row->have &= ~row->denied;
    fill_numbers(world, row, before);
    if (!before) {
        row->start_time = random_start(draw);
        pick_name(world, row->command, NULL);
        return;
    }
    memcpy(row->command, before->command, sizeof row->command);
    row->start_time = before->start_time;
    if ((row->have & before->have & PAUSEMON_HAVE_START_TIME) && draw_chance(draw, 4))
        pick_name(world, row->command, NULL); /* exec: the identity stays */
}

/* The same pid, another process. */
static void make_reused(struct world *world, struct pausemon_row *row,
                        const struct pausemon_row *before)
{
    make_full(world, row, NULL);
    if (row->have & before->have & PAUSEMON_HAVE_START_TIME)
        while (row->start_time == before->start_time)
            row->start_time = random_start(world->draw);
    else
        pick_name(world, row->command, before->command);
    if (draw_chance(world->draw, 30) && (row->have & before->have & PAUSEMON_HAVE_START_TIME)) {
        row->verb = PAUSEMON_ROW_PARTIAL;
        row->have |= PAUSEMON_HAVE_STATE;
    }
}

static void make_partial(struct world *world, struct pausemon_row *row,
                         const struct model_entry *known)
{
    const struct pausemon_row *before = &known->row;
    uint64_t have = all_numbers() & draw_bits(world->draw) & ~before->denied;

    /* A rate of CPU beside a counter that is as it was would say two things. */
    if (before->have & PAUSEMON_HAVE_CPU)
        have &= ~(uint64_t)PAUSEMON_HAVE_CPU_RATE;
    if (before->have & PAUSEMON_HAVE_CPU_RATE)
        have &= ~(uint64_t)PAUSEMON_HAVE_CPU;
    have |=
        ((before->have & PAUSEMON_HAVE_START_TIME) | PAUSEMON_HAVE_PPID) & draw_bits(world->draw);
    if (draw_chance(world->draw, 60))
        have |= PAUSEMON_HAVE_STATE;
    row->verb = PAUSEMON_ROW_PARTIAL;
    row->have = have;
    row->denied = before->denied;
    /* without its bit the state says nothing: anything but what is so */
    row->state = have & PAUSEMON_HAVE_STATE ? random_state(world, known)
                                            : draw_below(world->draw, PAUSEMON_STATE_STUCK);
    fill_numbers(world, row, before);
    row->start_time = before->start_time;
    if (draw_chance(world->draw, 30))
        memcpy(row->command, before->command, sizeof row->command);
}

static void make_unchanged(struct world *world, struct pausemon_row *row,
                           const struct pausemon_row *before)
{
    row->verb = PAUSEMON_ROW_UNCHANGED;
    row->mem = draw_bits(world->draw); /* without its bit: nothing */
    row->state = draw_below(world->draw, PAUSEMON_STATE_STUCK);
    if (!before)
        return;
    row->start_time = before->start_time;
    row->have = (before->have & PAUSEMON_HAVE_START_TIME) & draw_bits(world->draw);
    if (row->have && draw_chance(world->draw, 20))
        row->start_time--; /* of a process that this one has replaced */
}

/* False: no row for it in this look. */
static bool make_row(struct world *world, struct pausemon_row *row, int64_t pid)
{
    const struct model_entry *known = model_find(&world->model, pid);
    uint64_t choice = draw_below(world->draw, 100);

    *row = (struct pausemon_row)PAUSEMON_ROW_INIT;
    row->pid = pid;
    if (choice >= (known ? 90 : 55))
        return false;
    if (choice < 2)
        row->verb = PAUSEMON_ROW_GONE;
    else if (known && choice < 10)
        make_reused(world, row, &known->row);
    else if (known && choice < 30)
        make_partial(world, row, known);
    else if (choice < (known ? 45 : 4))
        make_unchanged(world, row, known ? &known->row : NULL);
    else
        make_full(world, row, known);
    if (!known && row->verb == PAUSEMON_ROW_FULL && draw_chance(world->draw, 10)) {
        row->verb = PAUSEMON_ROW_PARTIAL; /* of a process never seen: as good as a full one */
        row->have |= PAUSEMON_HAVE_STATE;
    }
    return true;
}

static int64_t random_read_time(struct world *world)
{
    struct draw *draw = world->draw;
    int64_t now = world->harness.now.monotonic_ns;

    if (draw_chance(draw, 60))
        return 0;
    if (draw_chance(draw, 3))
        return 1;
    if (world->numbers == WORLD_HOSTILE && draw_chance(draw, 2))
        return INT64_MAX;
    return now - 5 * MS + (int64_t)draw_below(draw, 10 * MS);
}

static int64_t random_gap(struct world *world)
{
    struct draw *draw = world->draw;
    uint64_t choice = draw_below(draw, 100);

    if (choice < 5)
        return 0;
    if (choice < 10 && world->numbers == WORLD_HOSTILE)
        return 1 + (int64_t)draw_below(draw, 1000);
    if (choice < 40)
        return 1000 * MS;
    return MS + (int64_t)draw_below(draw, 3000 * MS);
}

void world_shuffle(struct draw *draw, struct pausemon_row *rows, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = draw_below(draw, i);
        struct pausemon_row row = rows[i - 1];
        rows[i - 1] = rows[j];
        rows[j] = row;
    }
}

/* Rows that make no sense: of pids that nobody else has. */
static void add_nonsense(struct world *world)
{
    struct pausemon_row *row = &world->rows[world->count++];

    *row = (struct pausemon_row)PAUSEMON_ROW_INIT;
    row->pid =
        draw_chance(world->draw, 50) ? -1 - (int64_t)draw_below(world->draw, 1000) : INT64_MIN;
    if (draw_chance(world->draw, 50)) {
        row->pid = 1000000;
        row->verb = 4 + draw_hostile(world->draw) / 2;
    }
}

/* A second row of a process: to be ignored, whatever it says. */
static void add_duplicate(struct world *world)
{
    struct pausemon_row row = world->rows[draw_below(world->draw, world->count)];
    const struct model_entry *known = model_find(&world->model, row.pid);

    if (row.verb != PAUSEMON_ROW_FULL && (!known || row.verb != PAUSEMON_ROW_PARTIAL))
        return;
    row.mem = draw_bits(world->draw);
    row.state = draw_below(world->draw, PAUSEMON_STATE_STUCK);
    if (draw_chance(world->draw, 30))
        row.verb = PAUSEMON_ROW_GONE;
    world->rows[world->count++] = row;
}

void world_step(struct world *world)
{
    struct draw *draw = world->draw;

    harness_tick(&world->harness, random_gap(world));
    world->count = 0;
    for (size_t pid = 0; pid < world->pids; pid++) {
        struct pausemon_row *row = &world->rows[world->count];
        bool far = pid % 10 == 9; /* and pid 0 is one like any other */
        if (!make_row(world, row, far ? INT64_MAX - (int64_t)pid : (int64_t)pid))
            continue;
        row->read_ns = random_read_time(world);
        world->count++;
    }
    world_shuffle(draw, world->rows, world->count);
    for (int i = 0; i < 3 && !world->no_duplicates && world->count; i++)
        add_duplicate(world);
    if (draw_chance(draw, 10))
        add_nonsense(world);
    world->complete = draw_chance(draw, 60);
    world->player.skipped = draw_chance(draw, 20) ? draw_below(draw, 5) : 0;
}
