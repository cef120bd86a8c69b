/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_BLACKBOX_H
#define PM_FORENSICS_BLACKBOX_H

#include <pausemon/blackbox.h>
#include <stdatomic.h>

#include "base/error.h"
#include "base/spsc.h"
#include "core/sample.h"
#include "forensics/blackbox_format.h"

#define PM_BOX_SLOTS 32

/* A sample that waits to be written, and what was known with it. Nothing of it changes until it is
 * written: a second try gives the same bytes in the same place. */
struct pm_box_slot {
    uint64_t tier;
    uint64_t lost; /* before it */
    bool has_beats;
    uint64_t beats, late_beats, worst_beat_ns;
    struct pausemon_sample sample;
};

struct pausemon_blackbox {
    struct pm_host host;
    int fd;
    uint64_t run_id;
    struct pausemon_monitor *monitor; /* NULL: not attached */
    int subscription;
    _Atomic bool closed; /* the monitor is gone */
    _Atomic uint64_t lost;
    struct pm_spsc ring;
    /* The flushing thread's: where the next record goes, and its number. */
    size_t at;
    uint64_t sequence;
    char record[PM_BOX_MAX_RECORD];
    struct pm_box_slot slots[PM_BOX_SLOTS];
};

/* pausemon_blackbox_open and pausemon_blackbox_read with the id of this boot, "": not known. */
int pm_blackbox_open(struct pausemon_blackbox **blackbox, const char *path,
                     const struct pausemon_blackbox_options *options, const char *boot_id,
                     struct pausemon_blackbox_info *before, const struct pausemon_host *host,
                     struct pausemon_error *error);
int pm_blackbox_read(const char *path, const char *boot_id, struct pausemon_blackbox_info *info,
                     int (*each)(void *user, const struct pausemon_sample *sample, uint64_t tier),
                     void *user, const struct pausemon_host *host, struct pausemon_error *error);

/* blackbox_open.c: makes the file, moves what is there out of its way. The descriptor, or a
 * status. */
int pm_box_make(const char *path, const struct pm_box_run *run, int64_t group,
                struct pausemon_blackbox_info *before, const struct pm_host *host,
                struct pausemon_error *error);

/* blackbox_open.c: all of it at an offset of the file. 0 or an errno. */
int pm_box_write(int fd, const char *bytes, size_t size, size_t at);

/* blackbox_open.c: until it is on the disk. 0 or an errno. */
int pm_box_sync(int fd);

/* blackbox_load.c: reads and looks at one, to be freed with pm_free. */
int pm_box_load(struct pm_box **box, int directory, const char *name, const struct pm_host *host,
                struct pausemon_error *error);

/* blackbox_load.c: what can be told without understanding a payload. */
void pm_box_tell(const struct pm_box *box, const char *boot_id,
                 struct pausemon_blackbox_info *info);

/* blackbox_load.c: into the caller's, as much as it has room for. */
bool pm_box_takes(const struct pausemon_blackbox_info *to);
void pm_box_hand_out(struct pausemon_blackbox_info *to, const struct pausemon_blackbox_info *info);

/* blackbox_read.c: calls back with every trusted sample (`each` may be NULL), and completes `info`.
 * Without json it does neither. */
int pm_box_each(const struct pm_box *box, struct pausemon_blackbox_info *info,
                int (*each)(void *user, const struct pausemon_sample *sample, uint64_t tier),
                void *user, const struct pm_host *host, struct pausemon_error *error);

#endif
