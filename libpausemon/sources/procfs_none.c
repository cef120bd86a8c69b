/* SPDX-License-Identifier: MIT */
/* Built instead of procfs.c on other systems. */
#include "sources/source.h"

int pm_open_procfs(struct pausemon_source **source, const struct pm_opener_input *given,
                   struct pausemon_error *error)
{
    (void)source;
    (void)given;
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                   "source \"procfs\" is Linux only; here use top");
}
