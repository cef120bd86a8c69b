/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sized.h"
#include "base/text.h"
#include "forensics/blackbox.h"

/* What the info had in the first release: nobody may bring less. */
#define INFO_FIRST_SIZE PM_END_OF(struct pausemon_blackbox_info, boot_id)

static int read_all(int fd, struct pm_box *box, const char *name, struct pausemon_error *error)
{
    size_t used = 0;

    while (used < PM_BOX_SIZE) {
        ssize_t got = pread(fd, box->bytes + used, PM_BOX_SIZE - used, (off_t)used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return pm_fail_os(error, errno, "%s", name);
        if (got == 0)
            return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s is no black box: it is cut off", name);
        used += (size_t)got;
    }
    const char *why = pm_box_look(box);
    return why ? pm_fail(error, PAUSEMON_ERR_FORMAT, "%s is no black box: %s", name, why) : 0;
}

/* No FIFO is waited for, and nothing is opened through a link. */
static int open_file(int directory, const char *name, struct pausemon_error *error)
{
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int failed = fd < 0 ? errno : 0;
    struct stat info;

    if (failed == ELOOP || failed == EMLINK)
        return pm_fail(error, PAUSEMON_ERR_DENIED,
                       "%s is a symbolic link: nothing is opened through one", name);
    if (failed)
        return pm_fail_os(error, failed, "%s", name);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size != (off_t)PM_BOX_SIZE) {
        close(fd);
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "%s is no black box: no file of %zu bytes", name,
                       PM_BOX_SIZE);
    }
    return fd;
}

int pm_box_load(struct pm_box **out, int directory, const char *name, const struct pm_host *host,
                struct pausemon_error *error)
{
    int fd = open_file(directory, name, error);

    *out = NULL;
    if (fd < 0)
        return fd;
    struct pm_box *box = pm_alloc(host, sizeof *box);
    int status = box ? read_all(fd, box, name, error)
                     : pm_fail(error, PAUSEMON_ERR_NOMEM, "black box: out of memory");
    close(fd);
    if (status < 0)
        pm_free(host, box);
    else
        *out = box;
    return status;
}

/* A boot that is not known may be this one: nothing is said of it. */
static uint64_t find_end(const struct pm_box *box, const char *boot_id)
{
    if (box->is_clean)
        return PAUSEMON_BLACKBOX_CLEAN;
    return boot_id[0] && box->run.boot_id[0] && strcmp(boot_id, box->run.boot_id) != 0
               ? PAUSEMON_BLACKBOX_HARD
               : PAUSEMON_BLACKBOX_RUNS;
}

void pm_box_tell(const struct pm_box *box, const char *boot_id, struct pausemon_blackbox_info *info)
{
    *info = (struct pausemon_blackbox_info){.size = sizeof *info,
                                            .end = find_end(box, boot_id),
                                            .begin_ns = box->run.begin_ns,
                                            .samples = box->count,
                                            .torn = box->torn,
                                            .stale = box->stale};
    if (box->count > 0)
        info->last_ns = pm_box_get(box, box->count - 1)->time_ns;
    pm_text_clean(info->boot_id, sizeof info->boot_id, box->run.boot_id, strlen(box->run.boot_id));
}

bool pm_box_takes(const struct pausemon_blackbox_info *to)
{
    return to->size >= INFO_FIRST_SIZE;
}

void pm_box_hand_out(struct pausemon_blackbox_info *to, const struct pausemon_blackbox_info *info)
{
    pm_sized_fill(to, info, sizeof *info);
}
