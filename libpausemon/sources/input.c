/* SPDX-License-Identifier: MIT */
#include "sources/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64u << 10)

int pm_input_open(struct pm_input *input, const char *kind, const struct pm_opener_input *given,
                  struct pausemon_error *error)
{
    const char *path = given->argument ? given->argument : "memory";
    struct stat info;

    memset(input, 0, sizeof *input);
    input->fd = -1;
    input->bytes = given->bytes;
    input->left = given->length;
    snprintf(input->name, sizeof input->name, "%s:%s", kind, path);
    if (given->bytes)
        return 0;
    input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (input->fd < 0)
        return pm_fail_os(error, errno, "%s: cannot open \"%s\"", kind, path);
    if (fstat(input->fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)))
        return pm_fail(error, PAUSEMON_ERR_IO, "%s: \"%s\" is a pipe: save it to a file first",
                       kind, path);
    return 0;
}

void pm_input_close(struct pm_input *input)
{
    if (input->fd >= 0)
        close(input->fd);
    input->fd = -1;
}

static ssize_t get(struct pm_input *input, char *room)
{
    if (input->fd < 0) {
        size_t some = input->left < CHUNK ? input->left : CHUNK;
        memcpy(room, input->bytes, some);
        input->bytes += some;
        input->left -= some;
        return (ssize_t)some;
    }
    ssize_t got;
    do
        got = read(input->fd, room, CHUNK);
    while (got < 0 && errno == EINTR);
    return got;
}

int pm_input_fill(struct pm_input *input, struct pm_buffer *buffer, struct pausemon_error *error)
{
    char *room = pm_buffer_room(buffer, CHUNK);

    if (!room) {
        int status = pm_buffer_status(buffer, CHUNK);
        return status == PAUSEMON_ERR_NOMEM
                   ? pm_fail(error, status, "%s: out of memory", input->name)
                   : pm_fail(error, status, "%s: more than %zu KiB without an end", input->name,
                             buffer->limit >> 10);
    }
    ssize_t got = get(input, room);
    if (got < 0)
        return pm_fail_os(error, errno, "%s: cannot read", input->name);
    buffer->length += (size_t)got;
    return got > 0;
}
