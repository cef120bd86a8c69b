/* SPDX-License-Identifier: MIT */
#include "core/capture.h"

#include <string.h>

#include "base/calendar.h"
#include "base/text.h"

#define NUMBER_DIGITS 9

static const char *const reasons[] = {
    [PAUSEMON_CAPTURE_PAUSE] = "pause",
    [PAUSEMON_CAPTURE_TIER] = "tier",
    [PAUSEMON_CAPTURE_ASKED] = "asked",
};

const char *pausemon_capture_reason_name(uint64_t reason)
{
    return reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : NULL;
}

bool pm_capture_is_name(const char *name)
{
    const char *at = name, *end = name + strlen(name);
    struct pm_date date;
    int64_t seconds;
    uint64_t number;

    if (!pm_date_digits(&at, end, 4, 0, &date.year) ||
        !pm_date_digits(&at, end, 2, '-', &date.month) ||
        !pm_date_digits(&at, end, 2, '-', &date.day) ||
        !pm_date_digits(&at, end, 2, '_', &date.hour) ||
        !pm_date_digits(&at, end, 2, '-', &date.minute) ||
        !pm_date_digits(&at, end, 2, '-', &date.second) || !pm_date_to_seconds(&date, &seconds))
        return false;
    if (at == end)
        return true;
    /* "_0012" is none of ours, and another name for the same would be a riddle. */
    return *at++ == '_' && *at != '0' && end - at <= NUMBER_DIGITS &&
           pm_parse_u64(&at, end, &number) && at == end;
}
