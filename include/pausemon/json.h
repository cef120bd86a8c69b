/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_JSON_H
#define PAUSEMON_JSON_H

/* The one text form. Encoders stream through `write`, allocate nothing and end without a
 * newline; keys have a fixed order, and more may follow in later releases. They need no library;
 * decoding is [json]: without it PAUSEMON_ERR_UNSUPPORTED.
 * @since 0.1 */

#include <pausemon/escalation.h>
#include <pausemon/pause.h>
#include <pausemon/sample.h>

PAUSEMON_BEGIN_DECLS

/* A sample with its rogues: always under 60 KiB. Returns 0 or what `write` returned. */
PAUSEMON_API int pausemon_json_encode_sample(const struct pausemon_sample *sample,
                                             pausemon_write_fn write, void *user);

/* The same and "processes":[…], each with a rogue's keys, in the order given. As long as there
 * are processes: it may well exceed 60 KiB. */
PAUSEMON_API int pausemon_json_encode_snapshot(const struct pausemon_sample *sample,
                                               const struct pausemon_process *const *processes,
                                               size_t count, pausemon_write_fn write, void *user);

/* One process, with a rogue's keys. */
PAUSEMON_API int pausemon_json_encode_process(const struct pausemon_process *process,
                                              pausemon_write_fn write, void *user);

/* A pause with its evidence, culprits and victims: always under 60 KiB. "forensics" is the name of
 * the capture, or null. */
PAUSEMON_API int pausemon_json_encode_pause(const struct pausemon_pause *pause,
                                            pausemon_write_fn write, void *user);

/* An escalation, as an "event". */
PAUSEMON_API int pausemon_json_encode_escalation(const struct pausemon_escalation *escalation,
                                                 pausemon_write_fn write, void *user);

/* Reads what encode_pause wrote, as decode_sample: unknown keys are ignored, on failure the pause
 * is unchanged. Not in the text and so 0 afterwards: monotonic and boottime, start_time. */
PAUSEMON_API int pausemon_json_decode_pause(struct pausemon_pause *pause, const char *text,
                                            size_t length, struct pausemon_error *error);

/* Reads what encode_sample wrote, or what the Python original wrote (whose keys are fewer).
 * Unknown keys are ignored; types and ranges are checked; any bytes are survived. On failure the
 * sample is unchanged. Not in the text and so 0 afterwards: boottime, births, deaths, the fields
 * for blame; rated_count is the number of rogues with a rate. */
PAUSEMON_API int pausemon_json_decode_sample(struct pausemon_sample *sample, const char *text,
                                             size_t length, struct pausemon_error *error);

PAUSEMON_END_DECLS
#endif
