/* SPDX-License-Identifier: MIT */
#include "pausemon/service.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

static const struct service_manager *const managers[] = {
#ifdef __APPLE__
    &service_launchd,
    &service_systemd,
#else
    &service_systemd,
    &service_launchd,
#endif
};

const struct service_manager *service_manager_named(const char *name)
{
    if (!name)
        return managers[0];
    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++)
        if (strcmp(managers[i]->name, name) == 0)
            return managers[i];
    return NULL;
}

void service_directory(const struct service *service, const char **base, const char **below)
{
    const struct service_manager *manager = service->manager;
    const int is_xdg = manager->xdg_directory && service->config_home;

    *base = service->is_system ? "/" : is_xdg ? service->config_home : service->home;
    *below = service->is_system ? manager->system_directory
             : is_xdg           ? manager->xdg_directory
                                : manager->user_directory;
}

void service_path(const struct service *service, char path[PLACE_SIZE])
{
    const char *base, *below;

    service_directory(service, &base, &below);
    snprintf(path, PLACE_SIZE, "%s%s%s/%s", base, base[strlen(base) - 1] == '/' ? "" : "/", below,
             service->manager->file);
}

/* ---- texts ---- */

void service_add(struct service_text *text, const char *format, ...)
{
    const size_t room = sizeof text->bytes - text->used;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->used, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room)
        text->is_cut = 1;
    else
        text->used += (size_t)length;
}

/* Files of services are UTF-8 in lines: neither can hold every path that a file system can. */
static int is_writable(const char *path, const char *unwritable)
{
    uint32_t point;

    for (size_t left = path ? strlen(path) : 0, step; left > 0; path += step, left -= step) {
        step = utf8_next(path, left, &point);
        if (!utf8_is_harmless(point) || point == 0xFFFE || point == 0xFFFF ||
            (point < 0x80 && strchr(unwritable, (int)point)))
            return 0;
    }
    return 1;
}

const char *service_write(struct service_text *text, const struct service *service)
{
    text->used = 0;
    text->is_cut = 0;
    if (!is_writable(service->program, service->manager->unwritable))
        return "the program's path has characters that cannot be written there (quotes, "
               "backslashes, control characters, or bytes that are no UTF-8)";
    if (!service->is_system &&
        (!is_writable(service->home, "") || !is_writable(service->config_home, "") ||
         !is_writable(service->data_home, "")))
        return "HOME, XDG_CONFIG_HOME or XDG_DATA_HOME has characters that cannot be written "
               "there (control characters, or bytes that are no UTF-8)";
    service->manager->write(text, service);
    return text->is_cut ? "the paths are too long" : NULL;
}

/* ---- steps ---- */

void service_step(struct service_steps *steps, int may_fail, ...)
{
    const char **words = steps->step[steps->count].words;
    size_t count = 0;
    va_list arguments;

    va_start(arguments, may_fail);
    for (const char *word; count + 1 < SERVICE_MAX_WORDS && (word = va_arg(arguments, char *));)
        words[count++] = word;
    va_end(arguments);
    words[count] = NULL;
    steps->step[steps->count++].may_fail = may_fail;
}
