/* SPDX-License-Identifier: MIT */
/* Built instead of recorder_linux.c on other systems. */
#include "forensics/recorder.h"

static int refuse(struct pausemon_error *error)
{
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED, "the flight recorder is Linux only");
}

int pm_recorder_open(struct pm_recorder *recorder, const char *root, struct pausemon_error *error)
{
    (void)root;
    recorder->is_open = false;
    return refuse(error);
}

int pm_recorder_stop(struct pm_recorder *recorder, struct pausemon_error *error)
{
    (void)recorder;
    return refuse(error);
}

int pm_recorder_save(struct pm_recorder *recorder, int fd, uint64_t max_bytes, uint64_t *bytes,
                     struct pausemon_error *error)
{
    (void)recorder;
    (void)fd;
    (void)max_bytes;
    *bytes = 0;
    return refuse(error);
}

int pm_recorder_resume(struct pm_recorder *recorder, struct pausemon_error *error)
{
    (void)recorder;
    return refuse(error);
}

void pm_recorder_close(struct pm_recorder *recorder)
{
    recorder->is_open = false;
}

int pm_recorder_probe(const char *root, struct pausemon_error *error)
{
    (void)root;
    return refuse(error);
}
