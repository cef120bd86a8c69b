/* SPDX-License-Identifier: MIT */
#ifndef DRAW_H
#define DRAW_H

/* Random numbers that are the same everywhere, and how many rounds to play. Each round is seeded
 * of its own: a message with seed and round is enough to play that round again. */

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DRAW_TIMEOUT_S 3600 /* PAUSEMON_ROUNDS may ask for very many */

struct draw {
    uint64_t state;
    uint64_t seed;
    size_t round;
};

/* xorshift64*. */
static inline uint64_t draw_bits(struct draw *draw)
{
    draw->state ^= draw->state >> 12;
    draw->state ^= draw->state << 25;
    draw->state ^= draw->state >> 27;
    return draw->state * UINT64_C(2685821657736338717);
}

static inline struct draw draw_begin(uint64_t seed, size_t round)
{
    struct draw draw = {(seed + round + 1) * UINT64_C(0x9e3779b97f4a7c15), seed, round};

    if (draw.state == 0)
        draw.state = 1;
    for (int i = 0; i < 8; i++) /* neighbouring seeds begin alike */
        draw_bits(&draw);
    return draw;
}

/* 0..limit-1; the low bits are the weak ones. */
static inline uint64_t draw_below(struct draw *draw, uint64_t limit)
{
    return (draw_bits(draw) >> 11) % limit;
}

static inline uint64_t draw_between(struct draw *draw, uint64_t low, uint64_t high)
{
    return low + draw_below(draw, high - low + 1);
}

static inline bool draw_chance(struct draw *draw, unsigned percent)
{
    return draw_below(draw, 100) < percent;
}

/* Any number, all magnitudes alike, and the edges more often. */
static inline uint64_t draw_hostile(struct draw *draw)
{
    static const uint64_t edges[] = {
        0,         1, INT32_MAX, UINT32_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1,
        UINT64_MAX};

    if (draw_chance(draw, 25))
        return edges[draw_below(draw, sizeof edges / sizeof *edges)];
    return draw_bits(draw) >> draw_below(draw, 64);
}

/* `base`, times the environment variable PAUSEMON_ROUNDS. */
static inline size_t draw_rounds(size_t base)
{
    const char *text = getenv("PAUSEMON_ROUNDS");
    long factor = text ? strtol(text, NULL, 10) : 1;

    return base * (size_t)(factor > 1 ? factor : 1);
}

/* Fails the test unless `condition`; the rest is a printf of what differed. */
#define DRAW_CHECK(draw, condition, ...)                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            char draw_what[1024];                                                                  \
            snprintf(draw_what, sizeof draw_what, __VA_ARGS__);                                    \
            ck_abort_msg("seed %llu round %zu: %s", (unsigned long long)(draw)->seed,              \
                         (draw)->round, draw_what);                                                \
        }                                                                                          \
    } while (0)

#endif
