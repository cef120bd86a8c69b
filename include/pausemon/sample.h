/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_SAMPLE_H
#define PAUSEMON_SAMPLE_H

/* One look at all processes, judged. It keeps the rogues: the processes that were selected,
 * highest score first (ties: more cpu, then lower pid).
 * @since 0.1 */

#include <pausemon/process.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_sample;

struct pausemon_sample_info {
    uint64_t size;
    struct pausemon_instant time; /* when the look began */
    uint64_t elapsed_ns;          /* since the look before; 0 in the first */
    uint64_t process_count;       /* all processes known after this look */
    uint64_t rated_count;         /* those with at least one rate: 0 after a first look */
    uint64_t rogue_count;         /* 0..PAUSEMON_MAX_ROGUES */
    uint64_t rogues_omitted;      /* selected, but beyond PAUSEMON_MAX_ROGUES */
    uint64_t max_score;           /* the highest score of a rogue; 0 without rogues */
    uint64_t stress;              /* max_score, or tiers.elevated_threshold if that is more and a
                                     process has been stuck for 10 s */
    uint64_t unreadable;          /* processes that could not be read fully */
    uint64_t complete;            /* 0: the source did not look at every process */
    uint64_t cost_us;             /* CPU time this look and its judging took */
    uint64_t births;              /* processes first seen since the sample before */
    uint64_t deaths;              /* processes that ended since the sample before */
};

/* An empty one, to copy into. */
PAUSEMON_API int pausemon_sample_new(struct pausemon_sample **sample,
                                     const struct pausemon_host *host,
                                     struct pausemon_error *error);
PAUSEMON_API void pausemon_sample_free(struct pausemon_sample *sample);

/* Makes `to` equal to `from`. Allocates nothing, cannot fail. */
PAUSEMON_API void pausemon_sample_copy(struct pausemon_sample *to,
                                       const struct pausemon_sample *from);

/* Valid as long as the sample is. */
PAUSEMON_API const struct pausemon_sample_info *pausemon_sample_get_info(
    const struct pausemon_sample *sample);

/* NULL when index is not below rogue_count. Valid as long as the sample is. */
PAUSEMON_API const struct pausemon_process *pausemon_sample_get_rogue(
    const struct pausemon_sample *sample, size_t index);

/* Takes the samples of a reader, one by one, with the tier (enum pausemon_tier) of each. It returns
 * 0 to go on, a negative status to stop, which is then returned to who reads. */
typedef int (*pausemon_sample_fn)(void *user, const struct pausemon_sample *sample, uint64_t tier);

PAUSEMON_END_DECLS
#endif
