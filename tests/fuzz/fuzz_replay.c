/* SPDX-License-Identifier: MIT */
/* A recording in JSON lines, through the collector to its end. */
#include "fuzz_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_play_memory("replay", data, size);
    return 0;
}
