/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_SCORER_H
#define PAUSEMON_SCORER_H

/* The score of one process, 0..100: a pure function of its metrics, its state and the
 * configuration, in fixed arithmetic: equal input gives equal scores on every machine.
 * @since 0.1 */

#include <pausemon/config.h>
#include <pausemon/process.h>

PAUSEMON_BEGIN_DECLS

/* floor(multiplier(state) × min(100, Σ weight × min(1, value ÷ full scale))). A metric without
 * its bit in `have` adds nothing. The `score` in the struct is not looked at. Returns 0..100, or
 * PAUSEMON_ERR_INVALID if one of the two is NULL. */
PAUSEMON_API int pausemon_score_process(const struct pausemon_config *config,
                                        const struct pausemon_process *process);

PAUSEMON_END_DECLS
#endif
