/* SPDX-License-Identifier: MIT */
#include <pausemon/json.h>

#include "storage/captures.h"
#include "storage/pauses.h"
#include "storage/storage.h"

/* Peaks only rise and the end comes once, so states may come in any order, and again. */
#define ESCALATION(end)                                                                            \
    "INSERT INTO events (id, start_timestamp, end_timestamp, peak_stress, peak_tier, status)"      \
    " VALUES (?, ?, " end ", ?, ?, 'unreviewed') ON CONFLICT (id) DO UPDATE SET"                   \
    " end_timestamp = coalesce(end_timestamp, excluded.end_timestamp),"                            \
    " peak_stress = max(coalesce(peak_stress, 0), excluded.peak_stress),"                          \
    " peak_tier = max(coalesce(peak_tier, 0), excluded.peak_tier)"

static int write_escalation(struct pm_db *db, const struct pausemon_escalation *escalation,
                            struct pausemon_error *error)
{
    double start = pm_db_seconds(escalation->start.realtime_ns);
    double end = pm_db_seconds(escalation->end.realtime_ns);
    int64_t stress = (int64_t)escalation->peak_stress, tier = (int64_t)escalation->peak_tier;

    if (escalation->open)
        return pm_db_run(db, error, ESCALATION("NULL"), "idii", escalation->id, start, stress,
                         tier);
    return pm_db_run(db, error, ESCALATION("?"), "iddii", escalation->id, start, end, stress, tier);
}

static int write_sample(struct pausemon_storage *storage, const struct pm_record *record,
                        struct pausemon_error *error)
{
    struct pm_buffer *text = &storage->text;

    pm_buffer_consume(text, text->length);
    int status = pausemon_json_encode_sample(&record->as.sample, pm_buffer_write, text);
    if (status < 0)
        return pm_fail(error, status, "a sample as JSON: %s", pausemon_status_text(status));
    return pm_db_run(&storage->db, error,
                     "INSERT INTO process_sample_records (event_id, tier, data) VALUES (?, ?, ?)",
                     "iib", record->escalation.id, (int64_t)record->tier, pm_buffer_content(text),
                     text->length);
}

void pm_enrich_record(struct pm_record *record)
{
    if (record->kind != PM_RECORD_PAUSE || record->enriched)
        return;
    pausemon_pause_enrich(&record->as.pause);
    record->enriched = true;
}

static int write_pause(struct pausemon_storage *storage, const struct pausemon_pause *pause,
                       struct pausemon_error *error)
{
    int status = pm_pause_write(&storage->db, pause, &storage->text, error);

    return status < 0 ? status : pm_capture_tell_pause(storage, pause->info.id, error);
}

int pm_write_record(struct pausemon_storage *storage, struct pm_record *record,
                    struct pausemon_error *error)
{
    if (record->kind == PM_RECORD_PAUSE)
        return write_pause(storage, &record->as.pause, error);
    int status = write_escalation(&storage->db, &record->escalation, error);
    if (status == 0 && record->kind == PM_RECORD_SAMPLE)
        status = write_sample(storage, record, error);
    return status;
}

int pm_write_hour(struct pm_db *db, const struct pm_hour *hour, struct pausemon_error *error)
{
    int status = 0;

    for (size_t score = 0; score < PM_QUEUE_SCORES && status == 0; score++)
        if (hour->counts[score])
            status = pm_db_run(db, error,
                               "INSERT INTO score_histogram (hour, score, count) VALUES (?, ?, ?)"
                               " ON CONFLICT (hour, score) DO UPDATE SET count = count +"
                               " excluded.count",
                               "iii", hour->hour, (int64_t)score, (int64_t)hour->counts[score]);
    return status;
}
