/* SPDX-License-Identifier: MIT */
/* Built instead of config_ini.c where there is no inih. */
#include <pausemon/config.h>

#include "base/error.h"

int pausemon_config_parse(struct pausemon_config *config, const char *text, size_t length,
                          pausemon_config_issue_fn issue, void *user, struct pausemon_error *error)
{
    (void)config;
    (void)text;
    (void)length;
    (void)issue;
    (void)user;
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED,
                   "configuration texts cannot be read: built without config");
}

int pausemon_config_load(struct pausemon_config *config, const char *path,
                         pausemon_config_issue_fn issue, void *user, struct pausemon_error *error)
{
    (void)path;
    return pausemon_config_parse(config, NULL, 0, issue, user, error);
}
