/* SPDX-License-Identifier: MIT */
#include "forensics/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "forensics/errand.h"

void pm_probe_note(struct pm_probe *probe, uint64_t state, const char *format, ...)
{
    va_list arguments;

    probe->state = state > probe->state ? state : probe->state;
    if (probe->text[0])
        return;
    va_start(arguments, format);
    vsnprintf(probe->text, sizeof probe->text, format, arguments);
    va_end(arguments);
}

int pm_probe_open(const struct pm_probe *probe, const char *path)
{
    char full[PATH_MAX];
    int length = snprintf(full, sizeof full, "%s%s", probe->root, path);

    if (length < 0 || (size_t)length >= sizeof full)
        return ENAMETOOLONG;
    int fd = open(full, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static bool is_off(const struct pm_probe *probe, const struct pm_step *step)
{
    int64_t value = 1;

    if (step->setting)
        memcpy(&value, (const char *)probe->config + step->setting_at, sizeof value);
    return value == 0;
}

static void look_for_program(struct pm_probe *probe, const struct pm_step *step)
{
    struct pausemon_error why, first = {0};
    char path[PATH_MAX];

    probe->has_program = step->programs == NULL;
    for (size_t i = 0; step->programs && step->programs[i] && !probe->has_program; i++) {
        int length = snprintf(path, sizeof path, "%s%s", probe->root, step->programs[i]);
        int status = length < 0 || (size_t)length >= sizeof path ? PAUSEMON_ERR_LIMIT
                                                                 : pm_errand_check(path, -1, &why);
        probe->has_program = status == 0;
        if (i == 0 && status < 0)
            first = why;
    }
    if (probe->has_program)
        return;
    uint64_t state = step->instead ? PAUSEMON_ARTIFACT_LIMITED : PAUSEMON_ARTIFACT_MISSING;
    if (first.os_errno == ENOENT)
        pm_probe_note(probe, state, "%s is not there", step->programs[0]);
    else
        pm_probe_note(probe, state, "%s", first.text);
}

static void probe_step(struct pm_probe *probe, const struct pm_step *step)
{
    if (is_off(probe, step)) {
        pm_probe_note(probe, PAUSEMON_ARTIFACT_MISSING, "%s is switched off", step->setting);
        return;
    }
    if (step->needs_root && probe->uid != 0)
        pm_probe_note(probe, PAUSEMON_ARTIFACT_MISSING, "%s needs root", step->name);
    look_for_program(probe, step);
    if (step->probe)
        step->probe(probe);
}

int pm_probe_steps(const struct pm_steps *steps, const struct pausemon_config *config,
                   const char *root, uint64_t uid,
                   void (*each)(void *user, const struct pausemon_artifact *artifact), void *user)
{
    for (size_t i = 0; i < steps->count; i++) {
        struct pm_probe probe = {.config = config, .root = root, .uid = uid};
        probe_step(&probe, &steps->rows[i]);
        const struct pausemon_artifact artifact = {sizeof artifact, steps->rows[i].name,
                                                   probe.state, probe.text};
        each(user, &artifact);
    }
    return 0;
}

int pausemon_forensics_probe(const struct pausemon_config *config,
                             void (*each)(void *user, const struct pausemon_artifact *artifact),
                             void *user)
{
    struct pausemon_config *defaults = NULL;

    if (!each)
        return PAUSEMON_ERR_INVALID;
    if (!config && pausemon_config_new(&defaults, NULL, NULL) < 0)
        return PAUSEMON_ERR_NOMEM;
    int status =
        pm_probe_steps(pm_steps_here(), config ? config : defaults, "", geteuid(), each, user);
    pausemon_config_free(defaults);
    return status;
}
