/* SPDX-License-Identifier: MIT */
/* What a culprit is beyond its name. These files may make their reader wait: never on the sampling
 * path. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "core/pause.h"
#include "sources/procfs_parse.h"
#include "sources/unit_parse.h"

static size_t read_of(int dir_fd, const char *name, char *text, size_t size)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t used = 0;
    ssize_t got;

    if (fd < 0)
        return 0;
    while (used < size && (got = read(fd, text + used, size - used)) > 0)
        used += (size_t)got;
    close(fd);
    return used;
}

static bool is_same(int dir_fd, const struct pausemon_culprit *culprit, char *text, size_t size)
{
    struct pm_stat stat;
    size_t length = read_of(dir_fd, "stat", text, size);

    return pm_parse_stat(text, length, &stat) && (int64_t)stat.start_time == culprit->start_time;
}

static void enrich(int dir_fd, struct pausemon_culprit *culprit)
{
    char text[8192];

    if (!is_same(dir_fd, culprit, text, sizeof text))
        return;
    ssize_t length = readlinkat(dir_fd, "exe", text, sizeof text);
    char exe[sizeof culprit->exe] = "", unit[sizeof culprit->unit] = "";
    if (length > 0)
        pm_text_clean(exe, sizeof exe, text, (size_t)length);
    int64_t uid = pm_parse_uid(text, read_of(dir_fd, "status", text, sizeof text));
    pm_parse_unit(text, read_of(dir_fd, "cgroup", text, sizeof text), unit, sizeof unit);
    /* It may have ended meanwhile, and another have its pid. */
    if (!is_same(dir_fd, culprit, text, sizeof text))
        return;
    memcpy(culprit->exe, exe, sizeof culprit->exe);
    memcpy(culprit->unit, unit, sizeof culprit->unit);
    culprit->uid = uid;
}

void pausemon_pause_enrich(struct pausemon_pause *pause)
{
    for (size_t i = 0; pause && i < pause->info.culprit_count; i++) {
        struct pausemon_culprit *culprit = &pause->culprits[i];
        char path[40];
        if (culprit->start_time == 0)
            continue; /* a pid alone may be another's by now */
        snprintf(path, sizeof path, "/proc/%lld", (long long)culprit->pid);
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
            continue;
        enrich(fd, culprit);
        close(fd);
    }
}
