/* SPDX-License-Identifier: MIT */
#include "common/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/client.h"

#define EVERY_MS 500
#define LOOK_EVERY 64 /* steps between two looks at the clock, a power of two */

void progress_begin(struct progress *progress, const char *what)
{
    *progress = (struct progress){.what = what, .is_watched = isatty(STDERR_FILENO)};
    if (progress->is_watched)
        progress->next_ms = client_now_ms() + EVERY_MS;
}

void progress_step(struct progress *progress)
{
    if (!progress->is_watched || ++progress->done % LOOK_EVERY != 0)
        return;
    const int64_t now_ms = client_now_ms();
    if (now_ms < progress->next_ms)
        return;
    progress->next_ms = now_ms + EVERY_MS;
    progress->is_shown = 1;
    fprintf(stderr, "\r%s: %" PRIu64 " ", progress->what, progress->done);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    progress->is_shown = 0;
}
