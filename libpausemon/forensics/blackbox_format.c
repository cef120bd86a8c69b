/* SPDX-License-Identifier: MIT */
#include "forensics/blackbox_format.h"

#include <string.h>

#define RUN_MAGIC "pausemon black box 1\n"
#define STATE_MAGIC "pausemon state\n"
#define CHECK_AT (PM_BOX_SECTOR - 4)
#define RECORD_CHECK_AT 36

/* Of bytes whose check is wrong. A file that makes us add up more of them is meant to: a real one
 * holds a few torn records, or as many damaged ones as fit. */
#define MOST_WRONG ((uint64_t)16 << 20)

static const char record_magic[4] = {'\xFF', 'P', 'B', '\xFE'};

/* ---- numbers ---- */

static void put(char *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (char)(unsigned char)(value >> (8 * i));
}

static uint64_t get(const char *from, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)(unsigned char)from[i] << (8 * i);
    return value;
}

/* Goes on from the check of what came before; 0 at first. */
static uint32_t check(uint32_t before, const char *bytes, size_t length)
{
    static const uint32_t nibbles[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    uint32_t crc = ~before;

    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)bytes[i];
        crc = crc >> 4 ^ nibbles[crc & 15];
        crc = crc >> 4 ^ nibbles[crc & 15];
    }
    return ~crc;
}

static bool is_sound(const char *sector)
{
    return get(sector + CHECK_AT, 4) == check(0, sector, CHECK_AT);
}

/* ---- writing ---- */

void pm_box_put_run(char sector[PM_BOX_SECTOR], const struct pm_box_run *run)
{
    memset(sector, 0, PM_BOX_SECTOR);
    memcpy(sector, RUN_MAGIC, sizeof RUN_MAGIC);
    put(sector + 32, run->id, 8);
    put(sector + 40, (uint64_t)run->begin_ns, 8);
    put(sector + 48, (uint64_t)run->pid, 8);
    memcpy(sector + 56, run->boot_id, strnlen(run->boot_id, PM_BOOT_ID_SIZE - 1));
    put(sector + CHECK_AT, check(0, sector, CHECK_AT), 4);
}

void pm_box_put_state(char sector[PM_BOX_SECTOR], uint64_t run_id, bool is_clean)
{
    memset(sector, 0, PM_BOX_SECTOR);
    memcpy(sector, STATE_MAGIC, sizeof STATE_MAGIC);
    put(sector + 16, run_id, 8);
    put(sector + 24, is_clean, 8);
    put(sector + CHECK_AT, check(0, sector, CHECK_AT), 4);
}

static size_t round_up(size_t size)
{
    return (size + PM_BOX_STEP - 1) / PM_BOX_STEP * PM_BOX_STEP;
}

static uint32_t check_record(const char *bytes, size_t length)
{
    return check(check(0, bytes, RECORD_CHECK_AT), bytes + PM_BOX_HEAD, length);
}

size_t pm_box_put_record(char *bytes, uint64_t run_id, const struct pm_box_record *record)
{
    size_t size = PM_BOX_HEAD + record->length;

    memset(bytes, 0, PM_BOX_HEAD);
    memcpy(bytes, record_magic, sizeof record_magic);
    put(bytes + 4, record->length, 4);
    put(bytes + 8, record->sequence, 8);
    put(bytes + 16, run_id, 8);
    put(bytes + 24, (uint64_t)record->time_ns, 8);
    put(bytes + RECORD_CHECK_AT, check_record(bytes, record->length), 4);
    memset(bytes + size, 0, round_up(size) - size);
    return round_up(size);
}

size_t pm_box_place(size_t at, size_t size)
{
    return size <= PM_BOX_SIZE && at <= PM_BOX_SIZE - size ? at : PM_BOX_FIRST;
}

/* ---- reading ---- */

static const char *look_at_head(struct pm_box *box)
{
    const char *sector = box->bytes, *state = box->bytes + PM_BOX_STATE_AT;
    struct pm_box_run *run = &box->run;

    if (memcmp(sector, RUN_MAGIC, sizeof RUN_MAGIC) != 0)
        return "it does not begin as one";
    if (!is_sound(sector))
        return "its header is damaged";
    run->id = get(sector + 32, 8);
    run->begin_ns = (int64_t)get(sector + 40, 8);
    run->pid = (int64_t)get(sector + 48, 8);
    memcpy(run->boot_id, sector + 56, PM_BOOT_ID_SIZE - 1);
    run->boot_id[PM_BOOT_ID_SIZE - 1] = '\0';
    /* A state that was being written when the power went is none: the run did not end. */
    box->is_clean = memcmp(state, STATE_MAGIC, sizeof STATE_MAGIC) == 0 && is_sound(state) &&
                    get(state + 16, 8) == run->id && get(state + 24, 8) == 1;
    return NULL;
}

/* The record at `at` that has a head, and how far it goes; length 0: what is there is none. */
static struct pm_box_record read_head(const struct pm_box *box, size_t at)
{
    const char *bytes = box->bytes + at;
    uint64_t length = get(bytes + 4, 4);
    struct pm_box_record record = {0};

    if (length == 0 || length > PM_BOX_MAX_PAYLOAD || PM_BOX_HEAD + length > PM_BOX_SIZE - at)
        return record;
    record.sequence = get(bytes + 8, 8);
    record.time_ns = (int64_t)get(bytes + 24, 8);
    record.at = (uint32_t)(at + PM_BOX_HEAD);
    record.length = (uint32_t)length;
    return record;
}

static bool is_whole(const struct pm_box *box, const struct pm_box_record *record)
{
    const char *bytes = box->bytes + record->at - PM_BOX_HEAD;

    return record->length > 0 &&
           get(bytes + RECORD_CHECK_AT, 4) == check_record(bytes, record->length);
}

/* Of two in one place the newer; two of one sequence contradict each other. */
static void keep(struct pm_box *box, const struct pm_box_record *record)
{
    struct pm_box_record *slot = &box->records[record->sequence % PM_BOX_MAX_RECORDS];

    if (record->sequence == 0 || record->sequence == slot->sequence)
        box->torn++;
    else if (record->sequence > slot->sequence)
        *slot = *record;
    if (record->sequence > box->newest)
        box->newest = record->sequence;
}

static const char *look_at_records(struct pm_box *box)
{
    uint64_t wrong = 0;

    for (size_t at = PM_BOX_FIRST; at < PM_BOX_SIZE;) {
        struct pm_box_record record = {0};
        bool has_magic = memcmp(box->bytes + at, record_magic, sizeof record_magic) == 0;
        if (has_magic)
            record = read_head(box, at);
        if (!has_magic || !is_whole(box, &record)) {
            box->torn += has_magic;
            wrong += record.length;
            if (wrong > MOST_WRONG)
                return "it is damaged all over";
            at += PM_BOX_STEP; /* its length is not to be trusted */
            continue;
        }
        if (get(box->bytes + at + 16, 8) == box->run.id)
            keep(box, &record);
        else
            box->stale++;
        at += round_up(PM_BOX_HEAD + record.length);
    }
    return NULL;
}

const char *pm_box_look(struct pm_box *box)
{
    box->torn = box->stale = box->newest = box->count = 0;
    memset(box->records, 0, sizeof box->records);
    const char *why = look_at_head(box);
    if (!why)
        why = look_at_records(box);
    if (why)
        return why;
    while (box->count < PM_BOX_MAX_RECORDS && box->newest > box->count &&
           box->records[(box->newest - box->count) % PM_BOX_MAX_RECORDS].sequence ==
               box->newest - box->count)
        box->count++;
    return NULL;
}

const struct pm_box_record *pm_box_get(const struct pm_box *box, uint64_t index)
{
    return &box->records[(box->newest - box->count + 1 + index) % PM_BOX_MAX_RECORDS];
}

bool pm_box_split(const char *payload, size_t length, const char **sample, size_t *sample_length)
{
    const size_t word = sizeof PM_BOX_BEFORE_SAMPLE - 1, end = sizeof "}\n" - 1;

    if (length < word + end || memcmp(payload + length - end, "}\n", end) != 0)
        return false;
    for (size_t at = 0; at + word + end <= length; at++)
        if (memcmp(payload + at, PM_BOX_BEFORE_SAMPLE, word) == 0) {
            *sample = payload + at + word;
            *sample_length = length - at - word - end;
            return true;
        }
    return false;
}
