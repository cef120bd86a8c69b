/* SPDX-License-Identifier: MIT */
#include <pausemon/json.h>

#include <fcntl.h>
#include <string.h>

#include "core/arith.h"
#include "forensics/blackbox.h"
#include "formats/json_reader.h"

/* Of what stands before a sample: a few numbers. */
#define MOST_BEFORE 512

struct about {
    uint64_t tier, lost, beats, late_beats, worst_beat_ms;
};

static int read_about(const char *text, size_t length, struct about *about)
{
    struct pm_json_reader reader = {NULL, NULL, 0};
    char object[MOST_BEFORE + 1];

    if (length >= sizeof object)
        return PAUSEMON_ERR_FORMAT;
    memcpy(object, text, length);
    object[length] = '}';
    json_t *json = pm_json_load(object, length + 1, NULL);
    reader.object = json;
    if (!json)
        return PAUSEMON_ERR_FORMAT;
    pm_json_get_u64(&reader, "tier", PAUSEMON_TIER_CRITICAL, true, &about->tier);
    pm_json_get_u64(&reader, "lost", INT64_MAX, false, &about->lost);
    pm_json_get_u64(&reader, "beats", INT64_MAX, false, &about->beats);
    pm_json_get_u64(&reader, "late_beats", INT64_MAX, false, &about->late_beats);
    pm_json_get_u64(&reader, "worst_beat_ms", INT64_MAX / PM_NS_PER_MS, false,
                    &about->worst_beat_ms);
    json_decref(json);
    return reader.status == 0 && about->tier > 0 ? 0 : PAUSEMON_ERR_FORMAT;
}

static int read_payload(const char *payload, size_t length, struct about *about,
                        struct pausemon_sample *sample)
{
    const char *text;
    size_t text_length;

    if (!pm_box_split(payload, length, &text, &text_length))
        return PAUSEMON_ERR_FORMAT;
    size_t before = (size_t)(text - payload) - (sizeof PM_BOX_BEFORE_SAMPLE - 1);
    int status = read_about(payload, before, about);
    return status < 0 ? status : pausemon_json_decode_sample(sample, text, text_length, NULL);
}

static void note(struct pausemon_blackbox_info *info, const struct pm_box_record *record,
                 const struct about *about)
{
    info->samples++;
    info->last_ns = record->time_ns;
    info->lost = about->lost;
    info->beats = about->beats;
    info->late_beats = about->late_beats;
    info->worst_beat_ns = about->worst_beat_ms * PM_NS_PER_MS;
}

int pm_box_each(const struct pm_box *box, struct pausemon_blackbox_info *info,
                int (*each)(void *user, const struct pausemon_sample *sample, uint64_t tier),
                void *user, const struct pm_host *host, struct pausemon_error *error)
{
    struct pausemon_sample *sample;
    int status = pausemon_sample_new(&sample, &host->given, NULL);

    if (status < 0)
        return pm_fail(error, status, "black box: out of memory");
    info->samples = 0;
    info->last_ns = 0;
    for (uint64_t i = 0; status >= 0 && i < box->count; i++) {
        const struct pm_box_record *record = pm_box_get(box, i);
        struct about about = {0};
        status = read_payload(box->bytes + record->at, record->length, &about, sample);
        if (status == PAUSEMON_ERR_NOMEM)
            pm_fail(error, status, "black box: out of memory");
        if (status == PAUSEMON_ERR_FORMAT) { /* somebody made a check for it */
            info->torn++;
            status = 0;
            continue;
        }
        if (status < 0)
            break;
        note(info, record, &about);
        status = each ? each(user, sample, about.tier) : 0;
        if (status < 0)
            pm_fail(error, status, "black box: stopped by its reader");
    }
    pausemon_sample_free(sample);
    return status < 0 ? status : (int)info->samples;
}

int pm_blackbox_read(const char *path, const char *boot_id, struct pausemon_blackbox_info *given,
                     int (*each)(void *user, const struct pausemon_sample *sample, uint64_t tier),
                     void *user, const struct pausemon_host *given_host,
                     struct pausemon_error *error)
{
    struct pausemon_blackbox_info info;
    struct pm_host host;
    struct pm_box *box;

    if (!path || !given || !pm_box_takes(given))
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a path and an info of full size are needed");
    if (pm_host_take(&host, given_host, error) < 0)
        return PAUSEMON_ERR_INVALID;
    int status = pm_box_load(&box, AT_FDCWD, path, &host, error);
    if (status < 0)
        return status;
    pm_box_tell(box, boot_id, &info);
    status = pm_box_each(box, &info, each, user, &host, error);
    pm_box_hand_out(given, &info);
    pm_free(&host, box);
    return status;
}

int pausemon_blackbox_read(const char *path, struct pausemon_blackbox_info *info,
                           int (*each)(void *user, const struct pausemon_sample *sample,
                                       uint64_t tier),
                           void *user, const struct pausemon_host *host,
                           struct pausemon_error *error)
{
    char boot_id[PM_BOOT_ID_SIZE];

    pm_boot_id_read(boot_id);
    return pm_blackbox_read(path, boot_id, info, each, user, host, error);
}
