/* SPDX-License-Identifier: MIT */
#ifndef PM_FORENSICS_BLACKBOX_FORMAT_H
#define PM_FORENSICS_BLACKBOX_FORMAT_H

/* The bytes of a black box: a file of exactly 256 KiB, so that its room is taken once. Pure.
 * Numbers are little-endian; a check is the CRC-32 of Ethernet and zip.
 *
 *      0  run     512 bytes, written once
 *           0  "pausemon black box 1\n", zeros up to 32
 *          32  u64 id of the run (random), 40 i64 when it began (realtime ns), 48 i64 pid
 *          56  boot id, text, zeros up to 120;  zeros
 *         508  u32 check of the 508 bytes before
 *    512  state   512 bytes, a sector of its own, so that it can be written anew alone
 *           0  "pausemon state\n", zeros up to 16
 *          16  u64 id of the run, 24 u64 0: the run goes on; 1: it ended in good order;  zeros
 *         508  u32 check of the 508 bytes before
 *   1024  zeros
 *   4096  records, each at a multiple of 64, one behind the other; one that does not fit before the
 *         end of the file goes to 4096 again, none is in two pieces
 *           0  FF 'P' 'B' FE: nothing that is UTF-8 holds these
 *           4  u32 length of the payload
 *           8  u64 sequence, 1 for the first of the run; 16 u64 id of the run
 *          24  i64 time of the sample (realtime ns)
 *          32  zeros, 36 u32 check of the 36 bytes before and the payload
 *          40  payload: one line of JSON with its newline, for `strings` too:
 *              {"tier":1,"lost":0,"beats":20,"late_beats":0,"worst_beat_ms":0,"sample":{…}}
 *              beats and what follows them only with a heartbeat; "sample" is the last key;  zeros
 *
 * Trusted are the records of the run whose check is right and whose sequences lead up to the newest
 * without a gap. A record whose check is wrong was being written when the power went, or is
 * damaged: torn. One with a right check and the id of another run is stale. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/boot.h"

#define PM_BOX_SIZE ((size_t)256 << 10)
#define PM_BOX_SECTOR 512
#define PM_BOX_STATE_AT 512
#define PM_BOX_FIRST 4096
#define PM_BOX_STEP 64
#define PM_BOX_HEAD 40
#define PM_BOX_MAX_PAYLOAD                                                                         \
    (((size_t)60 << 10) + 512) /* a line of JSON and what stands around it                         \
                                */
#define PM_BOX_MAX_RECORD (PM_BOX_MAX_PAYLOAD + PM_BOX_HEAD + PM_BOX_STEP)
#define PM_BOX_MAX_RECORDS ((PM_BOX_SIZE - PM_BOX_FIRST) / PM_BOX_STEP)

struct pm_box_run {
    uint64_t id;
    int64_t begin_ns, pid;
    char boot_id[PM_BOOT_ID_SIZE];
};

void pm_box_put_run(char sector[PM_BOX_SECTOR], const struct pm_box_run *run);
void pm_box_put_state(char sector[PM_BOX_SECTOR], uint64_t run_id, bool is_clean);

struct pm_box_record {
    uint64_t sequence; /* 0: none */
    int64_t time_ns;
    uint32_t at, length; /* of the payload in the file */
};

/* Puts the head before a payload that stands at `bytes` + PM_BOX_HEAD, zeros behind it, and returns
 * the size of both: a multiple of PM_BOX_STEP. The room: payload + PM_BOX_HEAD + PM_BOX_STEP. Of
 * the record, `at` is not looked at. */
size_t pm_box_put_record(char *bytes, uint64_t run_id, const struct pm_box_record *record);

/* Where a record of `size` goes when the one before ended at `at`. */
size_t pm_box_place(size_t at, size_t size);

/* A black box as read. */
struct pm_box {
    char bytes[PM_BOX_SIZE];
    /* What pm_box_look finds. */
    struct pm_box_run run;
    bool is_clean;
    uint64_t torn, stale;
    uint64_t newest, count; /* the newest sequence, and how many up to it are trusted */
    struct pm_box_record records[PM_BOX_MAX_RECORDS]; /* sequence modulo their number */
};

/* Why it is no black box, or cannot be trusted at all; NULL: it is one. */
const char *pm_box_look(struct pm_box *box);

/* The index-th of the trusted ones, the oldest is 0. */
const struct pm_box_record *pm_box_get(const struct pm_box *box, uint64_t index);

/* Where in a payload the sample's text begins, and its length; false: it is no payload. What stands
 * before it is `*sample` - payload bytes and ends with PM_BOX_BEFORE_SAMPLE. */
#define PM_BOX_BEFORE_SAMPLE ",\"sample\":"
bool pm_box_split(const char *payload, size_t length, const char **sample, size_t *sample_length);

#endif
