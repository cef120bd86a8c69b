/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_COLLECTOR_H
#define PAUSEMON_COLLECTOR_H

/* A source and the judgement of what it sees: each call looks at all processes and gives a
 * sample. You call it; how often is yours to say. Once warm it allocates nothing; of the sources,
 * procfs and long-lived top neither.
 * @since 0.1 */

#include <pausemon/config.h>
#include <pausemon/sample.h>
#include <pausemon/source.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_collector;

/* `config` is copied; NULL: the defaults. The source stays yours and must live longer. One
 * collector for a source at a time. */
PAUSEMON_API int pausemon_collector_new(struct pausemon_collector **collector,
                                        const struct pausemon_config *config,
                                        struct pausemon_source *source,
                                        const struct pausemon_host *host,
                                        struct pausemon_error *error);
PAUSEMON_API void pausemon_collector_free(struct pausemon_collector *collector);

/* Other settings: those whose key can be reloaded take effect at the next look. What is known of
 * the processes stays. */
PAUSEMON_API void pausemon_collector_set_config(struct pausemon_collector *collector,
                                                const struct pausemon_config *config);

/* Looks now. *sample belongs to the collector and is overwritten by the next call
 * (pausemon_sample_copy keeps it). Rates are over the time between two looks: after the first
 * look rated_count is 0.
 * Returns 0; PAUSEMON_ERR_BUSY: the source has nothing yet, wait; PAUSEMON_ERR_END: the
 * recording is over; any other failure is of this look only, the next may succeed. On failure
 * *sample is NULL. A recording is never busy, need not be paced, and comes to PAUSEMON_ERR_END
 * whatever is in it. */
PAUSEMON_API int pausemon_collector_collect(const struct pausemon_sample **sample,
                                            struct pausemon_collector *collector,
                                            struct pausemon_error *error);

/* For programs without a loop of their own: sleeps until a look is due or ready, at most timeout_ms
 * (-1: as long as it takes), then the same. PAUSEMON_ERR_BUSY: the time is over, or a signal was
 * handled. */
PAUSEMON_API int pausemon_collector_wait(const struct pausemon_sample **sample,
                                         struct pausemon_collector *collector, int timeout_ms,
                                         struct pausemon_error *error);

/* What to wait for until the next call, in any event loop: the descriptor (-1: none) and the
 * timeout in milliseconds, for poll(): until monitor.interval_ms has passed since the last call,
 * 0 when it has; -1 when the recording is over. Following the timeout alone is enough; a source
 * with a descriptor is then heard up to one interval late. */
PAUSEMON_API int pausemon_collector_get_fd(const struct pausemon_collector *collector);
PAUSEMON_API int pausemon_collector_get_timeout(struct pausemon_collector *collector);

/* All processes of the last look, judged, in no particular order; NULL when index is not below
 * process_count. Valid until the next call of collect. */
PAUSEMON_API const struct pausemon_process *pausemon_collector_get_process(
    const struct pausemon_collector *collector, size_t index);

PAUSEMON_END_DECLS
#endif
