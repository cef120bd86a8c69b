/* SPDX-License-Identifier: MIT */

/* canary SECONDS [LATE_MS]: a witness that knows nothing of pausemon. It sleeps 50 ms at a time at
 * the priority of ordinary programs, and prints each beat that came LATE_MS (100) or more late:
 * when it was due and when it came, wall-clock nanoseconds. Ends by itself, or with its stdin. */

#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BEAT_NS 50000000

static int64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int argc, char **argv)
{
    int64_t due = now(CLOCK_MONOTONIC);
    int64_t end = due + (argc > 1 ? strtoll(argv[1], NULL, 10) : 0) * 1000000000;
    int64_t late_ns = (argc > 2 ? strtoll(argv[2], NULL, 10) : 100) * 1000000;
    struct pollfd leash = {.fd = 0, .events = POLLIN};

    puts("ready");
    fflush(stdout);
    while (due < end && poll(&leash, 1, 0) == 0) {
        struct timespec wake;
        int64_t late;

        due += BEAT_NS;
        wake.tv_sec = due / 1000000000;
        wake.tv_nsec = due % 1000000000;
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) != 0)
            ;
        late = now(CLOCK_MONOTONIC) - due;
        if (late >= late_ns) {
            int64_t came = now(CLOCK_REALTIME);

            printf("%" PRId64 " %" PRId64 "\n", came - late, came);
            fflush(stdout);
        }
        if (late > BEAT_NS)
            due += late; /* beats that were missed are one late beat */
    }
    return 0;
}
