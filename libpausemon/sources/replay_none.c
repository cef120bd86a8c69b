/* SPDX-License-Identifier: MIT */
/* Built instead of replay.c where there is no jansson. */
#include "sources/source.h"

int pm_open_replay(struct pausemon_source **source, const struct pm_opener_input *given,
                   struct pausemon_error *error)
{
    (void)source;
    (void)given;
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                   "source \"replay\" cannot be read: built without json");
}
