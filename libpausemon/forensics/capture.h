/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_CAPTURE_H
#define PM_FORENSICS_CAPTURE_H

/* One capture: its directory, and what its metadata.json says. All of it on run's thread. */

#include "core/pause.h"
#include "forensics/memory.h"
#include "forensics/out.h"
#include "forensics/steps.h"

#define PM_MERGED_MAX 64
#define PM_PIDS_MAX 64

/* How one artifact went. */
struct pm_result {
    const char *name;
    uint64_t bytes, ms;
    char error[240]; /* "": nothing to say */
};

struct pm_merged {
    int64_t pause_id;
    uint64_t duration_ms;
    bool is_told; /* to the program */
};

struct pm_capture {
    struct pausemon_forensics *forensics;
    struct pausemon_capture told; /* what the program is told of it; no name: there is none yet */
    struct pausemon_instant begun;
    uint64_t look;         /* that began it; 0: none did */
    int64_t told_pause_id; /* told.pause_id, as the program was told last */
    bool is_finished;      /* all its artifacts were tried */
    bool is_dirty;         /* there is more to say than metadata.json says */
    bool has_failed;       /* to say it: that was logged */
    bool has_pause, has_escalation;
    struct pausemon_pause pause;
    struct pausemon_escalation escalation;
    /* Of the moment. */
    bool has_moment;
    struct pm_moment *moment; /* while it is ours; else NULL */
    const char *why_none;     /* there is no moment */
    uint64_t early_ns;        /* it is a request's, of so long before */
    uint64_t peak_score, sample_count, tier, process_count, processes_omitted;
    int64_t pids[PM_PIDS_MAX]; /* of those that one would ask about */
    size_t pid_count;
    uint64_t skipped_before;
    struct pm_merged merged[PM_MERGED_MAX];
    size_t merged_count;
    uint64_t merged_omitted;
    /* What holds for all of it, whatever is set meanwhile. */
    uint64_t most_bytes;
    bool recorder_stopped;
    const struct pm_steps *steps;
    struct pm_result results[PM_STEPS_MAX];
    uint64_t metadata_bytes;
    int directory; /* while it is made; else -1 */
};

/* Stops the recorder, takes the moment, makes the directory. `notice`: why; NULL: it was asked for.
 * A status when there is not even a directory. */
int pm_capture_begin(struct pausemon_forensics *forensics, const struct pm_notice *notice,
                     struct pausemon_error *error);

/* All its artifacts. A status when its metadata.json could not be completed. */
int pm_capture_finish(struct pm_capture *capture);

/* What was told belongs to the last capture. */
void pm_capture_merge(struct pm_capture *capture, const struct pm_notice *notice);

/* Says what is new in metadata.json. */
int pm_capture_say(struct pm_capture *capture);

/* The window of time that logs are asked for, in seconds since 1970. */
void pm_capture_window(const struct pm_capture *capture, int64_t *since_s, int64_t *until_s);

/* A file for one artifact; closing it notes its size, and removes it if it is empty. */
int pm_capture_open_file(struct pm_capture *capture, size_t step, struct pm_out *out,
                         struct pausemon_error *why);
void pm_capture_close_file(struct pm_capture *capture, size_t step, struct pm_out *out);

/* A setting switches it off: that is noted. */
bool pm_capture_is_off(struct pm_capture *capture, size_t step);

/* moment.c: the moment that the dispatcher has filled becomes the capture's, or it is said why
 * there is none; and back. */
void pm_moment_use(struct pm_capture *capture, const struct pm_notice *notice);
void pm_moment_release(struct pm_capture *capture);

/* moment.c: culprits and victims, if they are not among the pids yet. */
void pm_moment_add_parties(struct pm_capture *capture);

/* metadata.c: metadata.json, in one piece or not at all. */
int pm_metadata_write(struct pm_capture *capture, struct pausemon_error *error);

/* tools.c: runs all programs of the table side by side, and waits for them. */
void pm_tools_run(struct pm_capture *capture);

/* artifacts.c: what the tables name. */
int pm_artifact_ring(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why);
int pm_artifact_processes(struct pm_capture *capture, struct pm_out *out,
                          struct pausemon_error *why);
int pm_artifact_pressure(struct pm_capture *capture, struct pm_out *out,
                         struct pausemon_error *why);
int pm_artifact_stuck(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why);
int pm_artifact_trace(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why);

/* kmsg.c */
int pm_artifact_kmsg(struct pm_capture *capture, struct pm_out *out, struct pausemon_error *why);

#endif
