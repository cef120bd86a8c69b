/* SPDX-License-Identifier: MIT */
#include "forensics/blackbox.h"

#include <pausemon/json.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/sized.h"
#include "engine/monitor.h"
#include "formats/json_writer.h"

#define OPTIONS_FIRST_SIZE PM_END_OF(struct pausemon_blackbox_options, group)

/* ---- life ---- */

/* Random, so that a record of another run is never taken for one of this. It need not be secret:
 * early in a boot nobody waits for randomness. */
static uint64_t draw_id(const struct pausemon_instant *now)
{
    uint64_t id = 0;

#ifdef __linux__
    bool drawn = getrandom(&id, sizeof id, GRND_NONBLOCK) == (ssize_t)sizeof id;
#else
    bool drawn = getentropy(&id, sizeof id) == 0;
#endif
    if (!drawn)
        id = ((uint64_t)now->realtime_ns ^ (uint64_t)now->monotonic_ns << 20 ^ (uint64_t)getpid()) *
             UINT64_C(0x9E3779B97F4A7C15);
    return id;
}

static void begin_run(struct pm_box_run *run, struct pm_host *host, const char *boot_id)
{
    struct pausemon_instant now;

    memset(run, 0, sizeof *run);
    pm_now(host, &now);
    run->id = draw_id(&now);
    run->begin_ns = now.realtime_ns;
    run->pid = getpid();
    strncpy(run->boot_id, boot_id, sizeof run->boot_id - 1);
}

/* Not zeroed as a whole: untouched pages stay away until samples fill them. */
static struct pausemon_blackbox *make(const struct pm_host *host)
{
    struct pausemon_blackbox *box = pm_resize(host, NULL, sizeof *box);

    if (!box)
        return NULL;
    memset(box, 0, offsetof(struct pausemon_blackbox, record));
    box->host = *host;
    box->at = PM_BOX_FIRST;
    for (size_t i = 0; i < PM_BOX_SLOTS; i++)
        pm_sample_init(&box->slots[i].sample, &box->host);
    return box;
}

int pm_blackbox_open(struct pausemon_blackbox **out, const char *path,
                     const struct pausemon_blackbox_options *options, const char *boot_id,
                     struct pausemon_blackbox_info *before, const struct pausemon_host *given,
                     struct pausemon_error *error)
{
    struct pausemon_blackbox_info info = {.size = sizeof info};
    struct pm_box_run run;
    struct pm_host host;

    if (out)
        *out = NULL;
    if (!out || !path || (options && options->size < OPTIONS_FIRST_SIZE) ||
        (before && !pm_box_takes(before)))
        return pm_fail(error, PAUSEMON_ERR_INVALID,
                       "a black box needs a place, a path, and structs of full size");
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    struct pausemon_blackbox *box = make(&host);
    if (!box)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "black box: out of memory");
    begin_run(&run, &box->host, boot_id);
    box->run_id = run.id;
    box->fd = pm_box_make(path, &run, options ? options->group : -1, &info, &box->host, error);
    if (box->fd < 0) {
        int status = box->fd;
        pm_free(&host, box);
        return status;
    }
    if (before)
        pm_box_hand_out(before, &info);
    *out = box;
    return 0;
}

int pausemon_blackbox_open(struct pausemon_blackbox **blackbox, const char *path,
                           const struct pausemon_blackbox_options *options,
                           struct pausemon_blackbox_info *before, const struct pausemon_host *host,
                           struct pausemon_error *error)
{
    char boot_id[PM_BOOT_ID_SIZE];

    pm_boot_id_read(boot_id);
    return pm_blackbox_open(blackbox, path, options, boot_id, before, host, error);
}

void pausemon_blackbox_free(struct pausemon_blackbox *box)
{
    if (!box)
        return;
    struct pm_host host = box->host;
    if (box->monitor && !atomic_load_explicit(&box->closed, memory_order_acquire))
        pausemon_monitor_unsubscribe(box->monitor, box->subscription);
    close(box->fd);
    pm_free(&host, box);
}

/* ---- the thread that dispatches ---- */

static void put_sample(struct pausemon_blackbox *box, const struct pausemon_event *event)
{
    if (!pm_spsc_has_room(&box->ring, PM_BOX_SLOTS)) {
        atomic_fetch_add_explicit(&box->lost, 1, memory_order_relaxed);
        return;
    }
    struct pm_box_slot *slot = &box->slots[pm_spsc_next(&box->ring, PM_BOX_SLOTS)];
    slot->tier = event->tier;
    slot->lost = atomic_load_explicit(&box->lost, memory_order_relaxed);
    slot->has_beats =
        pm_monitor_get_beats(box->monitor, &slot->beats, &slot->late_beats, &slot->worst_beat_ns);
    pausemon_sample_copy(&slot->sample, event->sample);
    pm_spsc_put(&box->ring);
}

static void hear(void *user, const struct pausemon_event *event)
{
    struct pausemon_blackbox *box = user;

    if (event->type == PAUSEMON_EVENT_CLOSE)
        atomic_store_explicit(&box->closed, true, memory_order_release);
    else
        put_sample(box, event);
}

int pausemon_blackbox_attach(struct pausemon_blackbox *box, struct pausemon_monitor *monitor,
                             struct pausemon_error *error)
{
    if (!box || !monitor)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a black box and a monitor are needed");
    if (box->monitor)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "the black box is attached already");
    int number = pausemon_monitor_subscribe(monitor, PAUSEMON_EVENT_SAMPLE | PAUSEMON_EVENT_CLOSE,
                                            hear, box, NULL);
    if (number < 0)
        return pm_fail(error, number, "black box: %s", pausemon_status_text(number));
    box->monitor = monitor;
    box->subscription = number;
    return 0;
}

/* ---- the thread that flushes ---- */

struct payload {
    char *bytes;
    size_t length;
};

static int put_bytes(void *user, const char *bytes, size_t length)
{
    struct payload *payload = user;

    if (length > PM_BOX_MAX_PAYLOAD - payload->length)
        return PAUSEMON_ERR_LIMIT;
    memcpy(payload->bytes + payload->length, bytes, length);
    payload->length += length;
    return 0;
}

static int encode(const struct pm_box_slot *slot, struct payload *payload)
{
    struct pm_json json;

    pm_json_init(&json, put_bytes, payload);
    pm_json_key_u64(&json, "{\"tier\":", slot->tier);
    pm_json_key_u64(&json, ",\"lost\":", slot->lost);
    if (slot->has_beats) {
        pm_json_key_u64(&json, ",\"beats\":", slot->beats);
        pm_json_key_u64(&json, ",\"late_beats\":", slot->late_beats);
        pm_json_key_u64(&json, ",\"worst_beat_ms\":", slot->worst_beat_ns / PM_NS_PER_MS);
    }
    pm_json_raw(&json, PM_BOX_BEFORE_SAMPLE);
    int status = pm_json_flush(&json);
    if (status == 0)
        status = pausemon_json_encode_sample(&slot->sample, put_bytes, payload);
    return status == 0 ? put_bytes(payload, "}\n", 2) : status;
}

/* Moves `at` and `sequence` on. 0 or an errno; a sample that is too long is lost. */
static int write_one(struct pausemon_blackbox *box, const struct pm_box_slot *slot, size_t *at,
                     uint64_t *sequence)
{
    struct payload payload = {box->record + PM_BOX_HEAD, 0};
    struct pm_box_record record = {.sequence = *sequence + 1,
                                   .time_ns = slot->sample.info.time.realtime_ns};

    if (encode(slot, &payload) < 0)
        return 0;
    record.length = (uint32_t)payload.length;
    size_t size = pm_box_put_record(box->record, box->run_id, &record);
    *at = pm_box_place(*at, size);
    int failed = pm_box_write(box->fd, box->record, size, *at);
    *at += size;
    ++*sequence;
    return failed;
}

int pausemon_blackbox_flush(struct pausemon_blackbox *box, struct pausemon_error *error)
{
    if (!box)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a black box is needed");
    size_t count = pm_spsc_count(&box->ring), at = box->at;
    uint64_t sequence = box->sequence;
    int failed = 0;

    for (size_t i = 0; failed == 0 && i < count; i++)
        failed =
            write_one(box, &box->slots[pm_spsc_slot(&box->ring, i, PM_BOX_SLOTS)], &at, &sequence);
    if (failed == 0 && count > 0)
        failed = pm_box_sync(box->fd);
    if (failed)
        return pm_fail_os(error, failed, "the black box cannot be written");
    int written = (int)(sequence - box->sequence);
    box->at = at;
    box->sequence = sequence;
    pm_spsc_take(&box->ring, count);
    atomic_fetch_add_explicit(&box->lost, count - (size_t)written, memory_order_relaxed);
    return written;
}

int pausemon_blackbox_finish(struct pausemon_blackbox *box, struct pausemon_error *error)
{
    char sector[PM_BOX_SECTOR];
    int written = pausemon_blackbox_flush(box, error);

    if (!box)
        return written;
    /* The run ends in good order also when its last samples are lost. */
    pm_box_put_state(sector, box->run_id, true);
    int failed = pm_box_write(box->fd, sector, sizeof sector, PM_BOX_STATE_AT);
    if (failed == 0)
        failed = pm_box_sync(box->fd);
    return failed && written >= 0 ? pm_fail_os(error, failed, "the black box cannot be written")
                                  : written;
}
