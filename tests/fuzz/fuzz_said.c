/* SPDX-License-Identifier: MIT */
/* A moment as a person types it: what is understood is a time that was, is printed and read back
 * the same, and if it came twice, the clocks on the wall agree. */
#include "fuzz.h"

#include <time.h>

#include "common/said.h"

#define LAST INT64_C(9202118400)

static void check(const char *text, int64_t now)
{
    char printed[SAID_SIZE], other[SAID_SIZE];
    struct said when, again;

    const int status = said_read(text, now, &when);
    FUZZ_CHECK(status == 0 || status == SAID_UNKNOWN || status == SAID_NEVER);
    if (status < 0)
        return;
    FUZZ_CHECK(when.second >= 0 && when.second <= LAST && when.other <= LAST);
    said_print(printed, when.second);
    if (when.second > 366 * 86400 && when.second < LAST - 366 * 86400) {
        FUZZ_CHECK(said_read(printed, now, &again) == 0);
        FUZZ_CHECK(again.second == when.second && again.other == -1);
    }
    if (when.other == -1)
        return;
    FUZZ_CHECK(when.other > when.second);
    said_print(other, when.other);
    FUZZ_CHECK(strlen(other) == strlen(printed) && strcmp(other, printed) != 0);
    FUZZ_CHECK(strncmp(other, printed, sizeof "2026-01-23T12:04:31" - 1) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const zones[] = {"CET-1CEST,M3.5.0,M10.5.0/3", "UTC0", "PST8PDT",
                                        "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"};
    char *text = fuzz_string(data, size);
    uint64_t seed = fuzz_seed(data, size);

    setenv("TZ", zones[fuzz_draw(&seed, 4)], 1);
    tzset();
    check(text, INT64_C(1769198400) + (int64_t)fuzz_draw(&seed, 366 * 86400));
    free(text);
    return 0;
}
