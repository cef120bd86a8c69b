/* SPDX-License-Identifier: MIT */
#ifndef PAUSEMON_PAUSE_H
#define PAUSEMON_PAUSE_H

/* A pause: a time in which the machine, or what ordinary programs get of it, stood still; with
 * its cause, what speaks for it, who caused it and who suffered.
 * @since 0.1 */

#include <pausemon/capture.h>
#include <pausemon/process.h>

PAUSEMON_BEGIN_DECLS

struct pausemon_pause;

enum pausemon_cause {
    PAUSEMON_CAUSE_UNKNOWN = 0, /* never guessed */
    PAUSEMON_CAUSE_SUSPEND = 1, /* the machine slept */
    PAUSEMON_CAUSE_HOST = 2,    /* the measuring program itself was busy or did not call */
    PAUSEMON_CAUSE_STOPPED = 3, /* the measuring program was stopped, frozen or throttled */
    PAUSEMON_CAUSE_VM = 4,      /* the virtual machine did not run */
    PAUSEMON_CAUSE_CPU = 5,     /* others had the CPUs */
    PAUSEMON_CAUSE_MEMORY = 6,
    PAUSEMON_CAUSE_IO = 7
};

/* Who noticed. */
enum pausemon_detector {
    PAUSEMON_DETECTOR_HEARTBEAT = 1 << 0, /* a thread that should wake 20 times a second did not */
    PAUSEMON_DETECTOR_SAMPLE = 1 << 1,    /* a look came much too late, or the program reported
                                             that it was late */
    PAUSEMON_DETECTOR_PRESSURE = 1 << 2   /* Linux PSI: all tasks that could run waited */
};

#define PAUSEMON_MAX_PARTIES 8   /* culprits, and victims, of one pause */
#define PAUSEMON_MAX_EVIDENCE 24 /* readings of one pause */

struct pausemon_pause_info {
    uint64_t size;
    int64_t id; /* 0: it has none */
    struct pausemon_instant start;
    struct pausemon_instant end;
    uint64_t duration_ns; /* from the first onset to the last recovery */
    uint64_t lost_ns;     /* of it, what was lost */
    uint64_t detectors;   /* bits of enum pausemon_detector */
    uint64_t cause;       /* enum pausemon_cause */
    uint64_t confidence;  /* thousandths, 0..990: the part of the lost time that the cause explains,
                             less when another explains much of it too */
    uint64_t tier;        /* enum pausemon_tier when it was told; 0: not known */
    int64_t event_id;     /* the escalation it fell into or began; 0: none */
    uint64_t evidence_count;
    uint64_t culprit_count;
    uint64_t victim_count;
    char forensics[PAUSEMON_CAPTURE_NAME_SIZE]; /* the capture it led to, or was merged into; "":
                                                   none, or not known yet. Read from a database */
};

/* One reading over the pause: "run_delay_ms". */
struct pausemon_evidence {
    uint64_t size;
    int64_t value;
    uint64_t window_ns; /* the reading is a difference over this time, which holds the pause; 0: not
                           a difference */
    char name[40];
};

/* Who took what was contended; processes of one command that acted together are one. */
struct pausemon_culprit {
    uint64_t size;
    int64_t pid;        /* of the one that took most */
    int64_t start_time; /* as in struct pausemon_process; 0: not known */
    uint64_t resource;  /* PAUSEMON_CAUSE_CPU, _MEMORY or _IO */
    uint64_t share;     /* thousandths of what was taken by all */
    uint64_t count;     /* processes */
    uint64_t suspect;   /* 1: the name matches suspects.patterns */
    int64_t uid;        /* -1: not known */
    char command[PAUSEMON_COMMAND_SIZE];
    char exe[256];  /* "": not known. Valid UTF-8, cleaned as names are; so is unit */
    char unit[128]; /* systemd unit or container; "": not known, or none */
};

enum pausemon_loss {
    PAUSEMON_LOSS_RUN_DELAY = 1, /* waited for a CPU */
    PAUSEMON_LOSS_BLOCKED = 2    /* waited uninterruptibly */
};

struct pausemon_victim {
    uint64_t size;
    int64_t pid;
    uint64_t lost_ns; /* of all its threads: may exceed the pause */
    uint64_t how;     /* enum pausemon_loss */
    char command[PAUSEMON_COMMAND_SIZE];
};

/* "cpu", …; NULL for anything else. Static text. */
PAUSEMON_API const char *pausemon_cause_name(uint64_t cause);

/* "heartbeat", …; NULL unless exactly one known bit is set. */
PAUSEMON_API const char *pausemon_detector_name(uint64_t detector);

/* "run_delay", "blocked"; NULL for anything else. */
PAUSEMON_API const char *pausemon_loss_name(uint64_t how);

/* An empty one, to copy into. */
PAUSEMON_API int pausemon_pause_new(struct pausemon_pause **pause, const struct pausemon_host *host,
                                    struct pausemon_error *error);
PAUSEMON_API void pausemon_pause_free(struct pausemon_pause *pause);

/* Makes `to` equal to `from`. Allocates nothing, cannot fail. */
PAUSEMON_API void pausemon_pause_copy(struct pausemon_pause *to, const struct pausemon_pause *from);

/* Each valid as long as the pause is, and until it is next written; NULL when index is not below
 * the count. Culprits and victims come with the greatest first. */
PAUSEMON_API const struct pausemon_pause_info *pausemon_pause_get_info(
    const struct pausemon_pause *pause);
PAUSEMON_API const struct pausemon_evidence *pausemon_pause_get_evidence(
    const struct pausemon_pause *pause, size_t index);
PAUSEMON_API const struct pausemon_culprit *pausemon_pause_get_culprit(
    const struct pausemon_pause *pause, size_t index);
PAUSEMON_API const struct pausemon_victim *pausemon_pause_get_victim(
    const struct pausemon_pause *pause, size_t index);

#define PAUSEMON_DURATION_SIZE 48

/* A length of time for people: "250 ms", "2.31 s", "12.3 s", "3 min 12 s", "3 h 12 min", "2 d 5 h".
 * `text` has room for PAUSEMON_DURATION_SIZE bytes. */
PAUSEMON_API void pausemon_duration_text(char *text, uint64_t ns);

/* The sentence for people: "froze 2.31 s: cpu starvation (confidence 0.94). Culprit: stress-ng ×8,
 * 96 % of CPU. Victims: Xorg, sshd." At most three culprits and three victims are named, the others
 * counted. Returns 0 or what `write` returned. */
PAUSEMON_API int pausemon_pause_write_verdict(const struct pausemon_pause *pause,
                                              pausemon_write_fn write, void *user);

/* Looks up executable, user and unit of each culprit that is still there, by pid and start time
 * (one without start time is left as it is: its pid may be another's by now, or no pid of this
 * system). It reads files of /proc and may wait for them: not for a thread that must not. Does
 * nothing where it cannot. */
PAUSEMON_API void pausemon_pause_enrich(struct pausemon_pause *pause);

PAUSEMON_END_DECLS
#endif
