/* SPDX-License-Identifier: MIT */
#include "errand_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct room room;

void room_write(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

void room_enter(void)
{
    memset(&room, 0, sizeof room);
    strcpy(room.directory, "/tmp/test_errand.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(room.directory));
    snprintf(room.script, sizeof room.script, "%s/script", room.directory);
    snprintf(room.made, sizeof room.made, "%s/made", room.directory);
    snprintf(room.output, sizeof room.output, "%s/output", room.directory);
    harness_init(&room.harness);
    pm_host_init(&room.host, &room.harness.host);
    room.fds = count_fds();
}

void room_leave(void)
{
    ck_assert_int_eq(count_fds(), room.fds);
    ck_assert_int_eq(room.harness.live, 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    unlink(room.script);
    unlink(room.made);
    unlink(room.output);
    ck_assert_int_eq(rmdir(room.directory), 0);
}

void room_prepare(const char *body)
{
    char text[1024];

    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
    room_write(room.script, text, 0700);
    room.argv[0] = room.script;
    room.argv[1] = room.made;
    room.argv[2] = NULL;
    room.errand = (struct pm_errand){.argv = room.argv, .limit_ns = S(WIDE_S), .out_fd = -1};
}

void room_keep_output(void)
{
    room.errand.out_fd = open(room.output, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(room.errand.out_fd, 0);
}

void room_begin(void)
{
    ck_assert_msg(pm_errand_start(&room.errand, &room.host) == 0, "%s", room.errand.why);
    ck_assert(room.errand.is_running);
}

void room_await(void)
{
    while (pm_errand_wait(&room.errand, 1, 1000) > 0)
        ;
    ck_assert(!room.errand.is_running);
    ck_assert(pm_errand_look(&room.errand));
}

void room_run(const char *body)
{
    room_prepare(body);
    room_begin();
    room_await();
}

void room_check_end(int status, const char *why)
{
    ck_assert_msg(room.errand.status == status, "%d: %s", room.errand.status, room.errand.why);
    ck_assert_str_eq(room.errand.why, why);
}

void room_check_output(const char *expected)
{
    char *bytes = read_file(room.output, NULL);

    ck_assert_str_eq(bytes, expected);
    ck_assert_uint_eq(room.errand.bytes, strlen(expected));
    free(bytes);
    close(room.errand.out_fd);
}

void room_await_made(void)
{
    struct timespec step = {0, 2000000};

    for (int i = 0; i < WIDE_S * 500 && access(room.made, F_OK) != 0; i++) {
        pm_errand_look(&room.errand);
        nanosleep(&step, NULL);
    }
    ck_assert_int_eq(access(room.made, F_OK), 0);
}

void room_check_dead(void)
{
    struct timespec step = {0, 2000000};
    char *text = read_file(room.made, NULL), path[64], state = '?';
    long pid = strtol(text, NULL, 10);

    free(text);
    ck_assert_int_gt(pid, 1);
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    for (int i = 0; i < WIDE_S * 500; i++) {
        FILE *file = fopen(path, "r");
        bool found = file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
        if (file)
            fclose(file);
        if (!found || state == 'Z' || state == 'X')
            return;
        nanosleep(&step, NULL);
    }
    ck_abort_msg("%ld lives", pid);
}

void room_limit_is_over(void)
{
    room.errand.deadline_ns = 0;
}
