/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMOND_NOTIFY_H
#define PAUSEMOND_NOTIFY_H

/* What systemd wants to know of a service (sd_notify), by hand. Without systemd: nothing. */

#include <stdint.h>

struct notify {
    int fd;              /* -1: nobody asks */
    int64_t interval_ns; /* between two signs of life; 0: none are wanted */
    int64_t due_ns;      /* of the next one */
};

/* 0, or -1 if somebody asks and cannot be reached: all else then does nothing. */
int notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* Sends one state, "READY=1"; lost if the reader's queue is full. */
void notify_send(const struct notify *notify, const char *state);

/* The words for people that stand behind the service. */
void notify_status(const struct notify *notify, const char *text);

/* RELOADING=1, with the clock that goes with it. */
void notify_reloading(const struct notify *notify);

/* A sign of life if one is due. Returns when the next one is; INT64_MAX: never. */
int64_t notify_watchdog(struct notify *notify, int64_t now_ns);

#endif
