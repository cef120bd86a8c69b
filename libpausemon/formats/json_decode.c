/* SPDX-License-Identifier: MIT */
#include <pausemon/json.h>

#include <string.h>

#include "core/metrics.h"
#include "core/sample.h"
#include "formats/json_reader.h"

static uint64_t category_of(const char *name)
{
    for (size_t i = 0; i < PM_CATEGORY_COUNT; i++)
        if (strcmp(pm_categories[i].name, name) == 0)
            return pm_categories[i].bit;
    return 0;
}

static uint64_t field_of(const char *name)
{
    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (strcmp(pm_metrics[i].name, name) == 0)
            return pm_metrics[i].have;
    for (size_t i = 0; i < PM_IDENTITY_COUNT; i++)
        if (strcmp(pm_identity[i].name, name) == 0)
            return pm_identity[i].bit;
    return 0;
}

static void read_metrics(struct pm_json_reader *reader, struct pausemon_process *process)
{
    pm_json_get_parts(reader, "cpu", 10, 1e18, &process->cpu);
    process->have |= PAUSEMON_HAVE_CPU;
    for (size_t i = 0; i < PM_METRIC_COUNT; i++) {
        if (i == PM_CPU)
            continue;
        pm_json_get_u64(reader, pm_metrics[i].name, INT64_MAX, true,
                        pm_field(process, pm_metrics[i].process_offset));
        process->have |= pm_metrics[i].have;
    }
}

/* The original has neither: then they are unknown. */
static void read_identity(struct pm_json_reader *reader, uint64_t unknown,
                          struct pausemon_process *process)
{
    if (json_object_get(reader->object, "ppid") && !(unknown & PAUSEMON_HAVE_PPID)) {
        pm_json_get_i64(reader, "ppid", true, &process->ppid);
        process->have |= PAUSEMON_HAVE_PPID;
    }
    if (json_object_get(reader->object, "start_time") && !(unknown & PAUSEMON_HAVE_START_TIME)) {
        pm_json_get_i64(reader, "start_time", true, &process->start_time);
        process->have |= PAUSEMON_HAVE_START_TIME;
    }
}

static int read_rogue(const json_t *object, struct pausemon_process *process,
                      struct pausemon_error *error)
{
    struct pm_json_reader reader = {object, error, 0};
    uint64_t unknown = 0;
    char state[32] = "";

    memset(process, 0, sizeof *process);
    process->size = sizeof *process;
    if (!json_is_object(object))
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "JSON: a rogue that is no object {…}");
    pm_json_get_i64(&reader, "pid", true, &process->pid);
    if (reader.status == 0 && process->pid < 0)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "JSON: \"pid\": expected 0 or more");
    pm_json_get_text(&reader, "command", true, process->command, sizeof process->command);
    pm_json_get_text(&reader, "state", true, state, sizeof state);
    process->state = pausemon_state_from_name(state);
    read_metrics(&reader, process);
    pm_json_get_u64(&reader, "score", 100, true, &process->score);
    pm_json_get_bits(&reader, "categories", category_of, &process->categories);
    pm_json_get_bits(&reader, "unknown", field_of, &unknown);
    read_identity(&reader, unknown, process);
    pm_json_get_bool(&reader, "suspect", &process->suspect);
    process->have &= ~unknown;
    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (unknown & pm_metrics[i].have)
            *pm_field(process, pm_metrics[i].process_offset) = 0;
    return reader.status;
}

static int read_info(struct pm_json_reader *reader, struct pausemon_sample_info *info)
{
    uint64_t elapsed_ms = 0;

    pm_json_get_time(reader, "timestamp", &info->time);
    pm_json_get_u64(reader, "elapsed_ms", INT64_MAX / PM_NS_PER_MS, true, &elapsed_ms);
    info->elapsed_ns = elapsed_ms * PM_NS_PER_MS;
    pm_json_get_u64(reader, "process_count", INT64_MAX, true, &info->process_count);
    pm_json_get_u64(reader, "max_score", 100, true, &info->max_score);
    info->stress = info->max_score;
    pm_json_get_u64(reader, "stress", 100, false, &info->stress);
    pm_json_get_u64(reader, "unreadable", INT64_MAX, false, &info->unreadable);
    pm_json_get_u64(reader, "rogues_omitted", INT64_MAX, false, &info->rogues_omitted);
    pm_json_get_u64(reader, "cost_us", INT64_MAX, false, &info->cost_us);
    pm_json_get_i64(reader, "monotonic_ns", false, &info->time.monotonic_ns);
    info->complete = 1;
    pm_json_get_bool(reader, "complete", &info->complete);
    return reader->status;
}

static int read_rogues(const json_t *object, struct pausemon_sample *sample,
                       struct pausemon_error *error)
{
    const json_t *list = json_object_get(object, "rogues");

    if (!json_is_array(list))
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "JSON: \"rogues\": expected a list");
    if (json_array_size(list) > PAUSEMON_MAX_ROGUES)
        return pm_fail(error, PAUSEMON_ERR_FORMAT, "JSON: %zu rogues; at most %d are kept",
                       json_array_size(list), PAUSEMON_MAX_ROGUES);
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct pausemon_process *rogue = &sample->rogues[i];
        int status = read_rogue(json_array_get(list, i), rogue, error);
        if (status < 0)
            return status;
        sample->info.rated_count += (rogue->have & PM_RATES) != 0;
    }
    sample->info.rogue_count = json_array_size(list);
    return 0;
}

int pausemon_json_decode_sample(struct pausemon_sample *sample, const char *text, size_t length,
                                struct pausemon_error *error)
{
    struct pm_json_reader reader = {NULL, error, 0};

    if (!sample || !text)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a sample and a text are needed");
    struct pausemon_sample *fresh = pm_alloc(&sample->host, sizeof *fresh);

    if (!fresh)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "JSON: out of memory");
    pm_sample_init(fresh, &sample->host);
    json_t *object = pm_json_load(text, length, error);
    reader.object = object;
    int status = object ? read_info(&reader, &fresh->info) : PAUSEMON_ERR_FORMAT;
    if (status == 0)
        status = read_rogues(object, fresh, error);
    if (status == 0)
        pausemon_sample_copy(sample, fresh);
    json_decref(object);
    pm_free(&fresh->host, fresh);
    return status;
}
