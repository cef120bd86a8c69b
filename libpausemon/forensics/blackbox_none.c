/* SPDX-License-Identifier: MIT */
/* Built instead of blackbox_read.c where there is no jansson. */
#include "forensics/blackbox.h"

int pm_box_each(const struct pm_box *box, struct pausemon_blackbox_info *info,
                int (*each)(void *user, const struct pausemon_sample *sample, uint64_t tier),
                void *user, const struct pm_host *host, struct pausemon_error *error)
{
    (void)box;
    (void)each;
    (void)user;
    (void)host;
    (void)error;
    return (int)info->samples;
}

int pausemon_blackbox_read(const char *path, struct pausemon_blackbox_info *info,
                           int (*each)(void *user, const struct pausemon_sample *sample,
                                       uint64_t tier),
                           void *user, const struct pausemon_host *host,
                           struct pausemon_error *error)
{
    (void)path;
    (void)info;
    (void)each;
    (void)user;
    (void)host;
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                   "a black box cannot be read: built without json");
}
