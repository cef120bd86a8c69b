/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_ALERTS_H
#define PAUSEMON_ALERTS_H

/* Notifications on the desktop, by the settings [alerts]: notify-send on Linux, osascript on
 * macOS, by fixed paths and argv. One an incident: a pause, or an escalation with the pauses in it;
 * one more only where the first told no more than that stress was elevated, or that evidence was
 * kept, and it then becomes a long pause or lasting critical stress. None in learning mode.
 * @since 0.1 */

#include <pausemon/capture.h>
#include <pausemon/monitor.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_alerts;

struct pausemon_alerts_options {
    uint64_t size;
    uint64_t everybody; /* 1: runs as root, and tells each user who has a session (at most 8);
                           0: the user it runs as */
};
#define PAUSEMON_ALERTS_OPTIONS_INIT                                                               \
    {                                                                                              \
        sizeof(struct pausemon_alerts_options), 0                                                  \
    }

/* `config` is copied. `host`: as of forensics. */
PAUSEMON_API int pausemon_alerts_new(struct pausemon_alerts **alerts,
                                     const struct pausemon_config *config,
                                     const struct pausemon_alerts_options *options,
                                     const struct pausemon_host *host,
                                     struct pausemon_error *error);

/* Subscribes: what is to be told waits in memory made beforehand; what finds no room (16) is
 * counted and said in the log. Once; the monitor may be freed before the alerts. */
PAUSEMON_API int pausemon_alerts_attach(struct pausemon_alerts *alerts,
                                        struct pausemon_monitor *monitor,
                                        struct pausemon_error *error);

/* A capture is complete (alerts.forensics_completed). On run's thread. */
PAUSEMON_API void pausemon_alerts_note_capture(struct pausemon_alerts *alerts,
                                               const struct pausemon_capture *capture);

/* Starts what is due and looks after what runs; never waits for it. On whichever one thread you
 * like, about once a second. At most four programs run at once, 10 s each. Returns the number of
 * notifications that were begun, or a negative status: a program that is missing or fails is said
 * in the log, once. */
PAUSEMON_API int pausemon_alerts_run(struct pausemon_alerts *alerts, struct pausemon_error *error);

/* Reload; on run's thread. */
PAUSEMON_API void pausemon_alerts_set_config(struct pausemon_alerts *alerts,
                                             const struct pausemon_config *config);

/* Ends what still runs (bounded), unsubscribes, frees. Only after run has returned. */
PAUSEMON_API void pausemon_alerts_free(struct pausemon_alerts *alerts);

/* Whether a notification can be had here: 0, or a negative status and why. Runs no program. On
 * Linux the session bus is that of DBUS_SESSION_BUS_ADDRESS, or /run/user/UID/bus. */
PAUSEMON_API int pausemon_alerts_probe(const struct pausemon_alerts_options *options,
                                       struct pausemon_error *error);

PAUSEMON_END_DECLS
#endif
