/* SPDX-License-Identifier: MIT */
/* A black box that somebody changed. The input is a script, five bytes a step, on a sound one: the
 * offset and what is done there, so that what the fuzzer turns is not lost in 256 KiB; what is
 * behind a '=' is laid over the file instead. What comes out is in range, and what the reader tells
 * of the file is what the look at its bytes says. */
#include "fuzz.h"

#include "forensics/blackbox.h"

#define RUN_ID 42

static struct pm_box box, again;

static const char payload[] =
    "{\"tier\":2,\"lost\":1,\"beats\":20,\"late_beats\":2,\"worst_beat_ms\":77,\"sample\":{"
    "\"timestamp\":\"2026-01-23T12:00:00.123456-08:00\",\"elapsed_ms\":1003,\"process_count\":412,"
    "\"max_score\":7,\"rogues\":[{\"pid\":1,\"command\":\"x\",\"cpu\":12.5,\"state\":\"running\","
    "\"mem\":1,\"cmprs\":0,\"pageins\":0,\"csw\":10,\"sysbsd\":5,\"threads\":2,\"score\":7,"
    "\"categories\":[\"cpu\"]}]}}\n";

static size_t put(size_t at, uint64_t run_id, uint64_t sequence, const char *text, size_t length)
{
    struct pm_box_record record = {
        .sequence = sequence, .time_ns = (int64_t)sequence, .length = (uint32_t)length};
    size_t most = PM_BOX_HEAD + length + PM_BOX_STEP;

    if (length == 0 || length > PM_BOX_MAX_PAYLOAD)
        return at;
    at = pm_box_place(at, most);
    memcpy(box.bytes + at + PM_BOX_HEAD, text, length);
    return at + pm_box_put_record(box.bytes + at, run_id, &record);
}

static void make_sound(void)
{
    struct pm_box_run run = {RUN_ID, 1, 2, "boot"};
    size_t at = PM_BOX_FIRST;

    memset(box.bytes, 0, PM_BOX_SIZE);
    pm_box_put_run(box.bytes, &run);
    pm_box_put_state(box.bytes + PM_BOX_STATE_AT, RUN_ID, true);
    for (uint64_t sequence = 1; sequence <= 4; sequence++)
        at = put(at, RUN_ID, sequence, payload, sizeof payload - 1);
}

/* Bytes to lay over: "=OO" and the rest, from the offset (of 64) on; "+OOrs": as the payload of a
 * record with a right check. */
static void lay(const uint8_t *data, size_t size)
{
    size_t at = ((size_t)data[1] | (size_t)data[2] << 8) * PM_BOX_STEP % PM_BOX_SIZE;

    if (data[0] == '=') {
        size_t room = PM_BOX_SIZE - at, length = size - 3 < room ? size - 3 : room;
        memcpy(box.bytes + at, data + 3, length);
    } else if (size > 5) {
        at = at < PM_BOX_FIRST ? PM_BOX_FIRST : at;
        put(at, RUN_ID + data[3] % 2, data[4], (const char *)data + 5, size - 5);
    }
}

static void change(const uint8_t *data, size_t size)
{
    for (; size >= 5 && data[0] != '=' && data[0] != '+'; data += 5, size -= 5) {
        size_t at = ((size_t)data[0] | (size_t)data[1] << 8) % (PM_BOX_FIRST + 4096);
        size_t length = data[3];
        if (data[2] % 3 == 0)
            box.bytes[at] = (char)(box.bytes[at] ^ data[4]);
        else if (data[2] % 3 == 1)
            memset(box.bytes + at, data[4], length);
        else
            memmove(box.bytes + at, box.bytes + PM_BOX_FIRST + data[4] * PM_BOX_STEP, length);
    }
    if (size >= 3)
        lay(data, size);
}

static void check_look(void)
{
    FUZZ_CHECK(box.count <= box.newest && box.count <= PM_BOX_MAX_RECORDS);
    FUZZ_CHECK(box.torn <= PM_BOX_MAX_RECORDS && box.stale <= PM_BOX_MAX_RECORDS);
    FUZZ_CHECK(memchr(box.run.boot_id, '\0', sizeof box.run.boot_id));
    for (uint64_t i = 0; i < box.count; i++) {
        const struct pm_box_record *record = pm_box_get(&box, i);
        const char *sample;
        size_t length;
        FUZZ_CHECK(record->sequence == box.newest - box.count + 1 + i);
        FUZZ_CHECK(record->length > 0 && record->at >= PM_BOX_FIRST + PM_BOX_HEAD);
        FUZZ_CHECK(record->at + (size_t)record->length <= PM_BOX_SIZE);
        char *copy = fuzz_copy(box.bytes + record->at, record->length);
        if (pm_box_split(copy, record->length, &sample, &length))
            FUZZ_CHECK(sample > copy && sample + length + 2 == copy + record->length);
        free(copy);
    }
}

#ifdef FUZZ_JANSSON
static int count_one(void *user, const struct pausemon_sample *sample, uint64_t tier)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    const struct pausemon_process *rogue;

    FUZZ_CHECK(tier >= 1 && tier <= 3 && info->max_score <= 100);
    for (size_t i = 0; (rogue = pausemon_sample_get_rogue(sample, i)); i++)
        FUZZ_CHECK(fuzz_is_clean(rogue->command, strlen(rogue->command)));
    ++*(int *)user;
    return 0;
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_sound();
    FUZZ_CHECK(!pm_box_look(&box) && box.count == 4 && box.is_clean && box.torn == 0);
    change(data, size);
    memcpy(again.bytes, box.bytes, PM_BOX_SIZE);
    const char *why = pm_box_look(&box);
    FUZZ_CHECK(memcmp(again.bytes, box.bytes, PM_BOX_SIZE) == 0);
    if (why) {
        FUZZ_CHECK(why[0]);
        return 0;
    }
    check_look();
    struct pausemon_blackbox_info info = {.size = sizeof info};
    pm_box_tell(&box, "other", &info);
    FUZZ_CHECK(info.end == (box.is_clean ? PAUSEMON_BLACKBOX_CLEAN : PAUSEMON_BLACKBOX_HARD) ||
               (info.end == PAUSEMON_BLACKBOX_RUNS && !strcmp(box.run.boot_id, "")) ||
               (info.end == PAUSEMON_BLACKBOX_RUNS && !strcmp(box.run.boot_id, "other")));
    FUZZ_CHECK(fuzz_is_clean(info.boot_id, strlen(info.boot_id)));
#ifdef FUZZ_JANSSON
    struct pausemon_host given = fuzz_host();
    struct pm_host host;
    int calls = 0;
    pm_host_init(&host, &given);
    int count = pm_box_each(&box, &info, count_one, &calls, &host, NULL);
    FUZZ_CHECK(count == calls && info.samples == (uint64_t)count && info.samples <= box.count);
    FUZZ_CHECK(info.samples + (info.torn - box.torn) == box.count);
#endif
    return 0;
}
