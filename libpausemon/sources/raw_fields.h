/* SPDX-License-Identifier: MIT */
#ifndef PM_SOURCES_RAW_FIELDS_H
#define PM_SOURCES_RAW_FIELDS_H

/* A row's fields as recorded: one table for the writer and the reader. Only what is known is
 * written. */

#include <pausemon/process.h>

struct pm_raw_field {
    const char *name;
    uint64_t have;
    int is_signed;
    size_t offset; /* in struct pausemon_row: 8 bytes */
};

#define PM_RAW_FIELD_COUNT 13
extern const struct pm_raw_field pm_raw_fields[PM_RAW_FIELD_COUNT];

/* By enum pausemon_row_verb. */
#define PM_VERB_COUNT 4
extern const char *const pm_verb_names[PM_VERB_COUNT];

#endif
