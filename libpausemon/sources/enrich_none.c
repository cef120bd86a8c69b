/* SPDX-License-Identifier: MIT */
#include <pausemon/pause.h>

void pausemon_pause_enrich(struct pausemon_pause *pause)
{
    (void)pause;
}
