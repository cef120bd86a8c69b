/* SPDX-License-Identifier: MIT */
/* Built instead of stuck_linux.c on other systems. */
#include "sources/stuck.h"

bool pm_stuck_is_available(void)
{
    return false;
}

int pm_stuck_look(struct pm_stuck *stuck, const char *root, int64_t limit_ns, bool stacks)
{
    (void)stuck;
    (void)root;
    (void)limit_ns;
    (void)stacks;
    return PAUSEMON_ERR_UNSUPPORTED;
}
