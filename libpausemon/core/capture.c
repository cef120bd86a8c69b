/* SPDX-License-Identifier: MIT */
#include <pausemon/capture.h>

static const char *const reasons[] = {
    [PAUSEMON_CAPTURE_PAUSE] = "pause",
    [PAUSEMON_CAPTURE_TIER] = "tier",
    [PAUSEMON_CAPTURE_ASKED] = "asked",
};

const char *pausemon_capture_reason_name(uint64_t reason)
{
    return reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : NULL;
}
