/* SPDX-License-Identifier: MIT */
#include <pausemon/json.h>

#include <stdbool.h>

#include "core/metrics.h"
#include "formats/json_writer.h"

/* Names from a table of bits, as a JSON list. */
static void put_categories(struct pm_json *json, uint64_t categories)
{
    const char *between = "";

    pm_json_raw(json, ",\"categories\":[");
    for (size_t i = 0; i < PM_CATEGORY_COUNT; i++) {
        if (!(categories & pm_categories[i].bit))
            continue;
        pm_json_raw(json, between);
        pm_json_string(json, pm_categories[i].name);
        between = ",";
    }
    pm_json_raw(json, "]");
}

static void put_missing(struct pm_json *json, uint64_t have, uint64_t bit, const char *name,
                        const char **between)
{
    if (have & bit)
        return;
    pm_json_raw(json, *between);
    pm_json_string(json, name);
    *between = ",";
}

static void put_unknown(struct pm_json *json, uint64_t have)
{
    const char *between = "";

    pm_json_raw(json, ",\"unknown\":[");
    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        put_missing(json, have, pm_metrics[i].have, pm_metrics[i].name, &between);
    for (size_t i = 0; i < PM_IDENTITY_COUNT; i++)
        put_missing(json, have, pm_identity[i].bit, pm_identity[i].name, &between);
    pm_json_raw(json, "]");
}

/* The value, 0 when it is not known. */
static uint64_t known(const struct pausemon_process *process, enum pm_metric metric)
{
    return process->have & pm_metrics[metric].have
               ? pm_value(process, pm_metrics[metric].process_offset)
               : 0;
}

static void put_process(struct pm_json *json, const struct pausemon_process *process)
{
    pm_json_key_i64(json, "{\"pid\":", process->pid);
    pm_json_raw(json, ",\"command\":");
    pm_json_string(json, process->command);
    uint64_t cpu = known(process, PM_CPU);
    pm_json_key_u64(json, ",\"cpu\":", (cpu > INT64_MAX ? INT64_MAX : cpu) / 10);
    pm_json_key_u64(json, ".", cpu % 10);
    pm_json_raw(json, ",\"state\":");
    pm_json_string(json, pausemon_state_name(process->state));
    pm_json_key_u64(json, ",\"mem\":", known(process, PM_MEM));
    pm_json_key_u64(json, ",\"cmprs\":", known(process, PM_CMPRS));
    pm_json_key_u64(json, ",\"pageins\":", known(process, PM_PAGEINS));
    pm_json_key_u64(json, ",\"csw\":", known(process, PM_CSW));
    pm_json_key_u64(json, ",\"sysbsd\":", known(process, PM_SYSBSD));
    pm_json_key_u64(json, ",\"threads\":", known(process, PM_THREADS));
    pm_json_key_u64(json, ",\"score\":", process->score);
    put_categories(json, process->categories);
    pm_json_key_i64(json, ",\"ppid\":", process->ppid);
    pm_json_key_i64(json, ",\"start_time\":", process->start_time);
    put_unknown(json, process->have);
    pm_json_raw(json, process->suspect ? ",\"suspect\":true}" : ",\"suspect\":false}");
}

/* All but the closing brace. */
static void put_sample(struct pm_json *json, const struct pausemon_sample *sample)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);

    pm_json_raw(json, "{\"timestamp\":");
    pm_json_time(json, &info->time);
    pm_json_key_u64(json, ",\"elapsed_ms\":", info->elapsed_ns / 1000000);
    pm_json_key_u64(json, ",\"process_count\":", info->process_count);
    pm_json_key_u64(json, ",\"max_score\":", info->max_score);
    pm_json_raw(json, ",\"rogues\":[");
    for (size_t i = 0; i < info->rogue_count; i++) {
        pm_json_raw(json, i ? "," : "");
        put_process(json, pausemon_sample_get_rogue(sample, i));
    }
    pm_json_key_u64(json, "],\"stress\":", info->stress);
    pm_json_key_u64(json, ",\"unreadable\":", info->unreadable);
    pm_json_key_u64(json, ",\"rogues_omitted\":", info->rogues_omitted);
    pm_json_key_u64(json, ",\"cost_us\":", info->cost_us);
    pm_json_key_i64(json, ",\"monotonic_ns\":", info->time.monotonic_ns);
    pm_json_raw(json, info->complete ? ",\"complete\":true" : ",\"complete\":false");
}

int pausemon_json_encode_process(const struct pausemon_process *process, pausemon_write_fn write,
                                 void *user)
{
    struct pm_json json;

    if (!process || !write || process->size < PM_PROCESS_FIRST_SIZE)
        return PAUSEMON_ERR_INVALID;
    pm_json_init(&json, write, user);
    put_process(&json, process);
    return pm_json_flush(&json);
}

int pausemon_json_encode_sample(const struct pausemon_sample *sample, pausemon_write_fn write,
                                void *user)
{
    struct pm_json json;

    if (!sample || !write)
        return PAUSEMON_ERR_INVALID;
    pm_json_init(&json, write, user);
    put_sample(&json, sample);
    pm_json_raw(&json, "}");
    return pm_json_flush(&json);
}

int pausemon_json_encode_snapshot(const struct pausemon_sample *sample,
                                  const struct pausemon_process *const *processes, size_t count,
                                  pausemon_write_fn write, void *user)
{
    struct pm_json json;

    if (!sample || !write || (!processes && count))
        return PAUSEMON_ERR_INVALID;
    for (size_t i = 0; i < count; i++)
        if (!processes[i] || processes[i]->size < PM_PROCESS_FIRST_SIZE)
            return PAUSEMON_ERR_INVALID;
    pm_json_init(&json, write, user);
    put_sample(&json, sample);
    pm_json_raw(&json, ",\"processes\":[");
    for (size_t i = 0; i < count; i++) {
        pm_json_raw(&json, i ? "," : "");
        put_process(&json, processes[i]);
    }
    pm_json_raw(&json, "]}");
    return pm_json_flush(&json);
}
