/* SPDX-License-Identifier: MIT */
#include "core/sample.h"

#include <string.h>

#include "base/error.h"
#include "core/metrics.h"

void pm_sample_init(struct pausemon_sample *sample, const struct pm_host *host)
{
    sample->host = *host;
    sample->info = (struct pausemon_sample_info){.size = sizeof sample->info};
}

int pausemon_sample_new(struct pausemon_sample **out, const struct pausemon_host *given,
                        struct pausemon_error *error)
{
    struct pm_host host;

    if (!out)
        return pm_fail(error, PAUSEMON_ERR_INVALID, "a sample needs a place");
    *out = NULL;
    if (pm_host_take(&host, given, error) < 0)
        return PAUSEMON_ERR_INVALID;
    *out = pm_alloc(&host, sizeof **out);
    if (!*out)
        return pm_fail(error, PAUSEMON_ERR_NOMEM, "sample: out of memory");
    pm_sample_init(*out, &host);
    return 0;
}

void pausemon_sample_free(struct pausemon_sample *sample)
{
    if (sample)
        pm_free(&sample->host, sample);
}

void pausemon_sample_copy(struct pausemon_sample *to, const struct pausemon_sample *from)
{
    if (to == from)
        return;
    to->info = from->info;
    /* Only what there is: copying a ring's slot must not make all of its pages resident. */
    memcpy(to->rogues, from->rogues, from->info.rogue_count * sizeof from->rogues[0]);
}

const struct pausemon_sample_info *pausemon_sample_get_info(const struct pausemon_sample *sample)
{
    return &sample->info;
}

const struct pausemon_process *pausemon_sample_get_rogue(const struct pausemon_sample *sample,
                                                         size_t index)
{
    return index < sample->info.rogue_count ? &sample->rogues[index] : NULL;
}

void pausemon_process_copy(struct pausemon_process *to, const struct pausemon_process *from)
{
    uint64_t size = to->size;
    uint64_t known = from->size < size ? from->size : size;

    if (to == from || known < sizeof to->size)
        return;
    memset(to, 0, (size_t)size);
    memcpy(to, from, (size_t)known);
    to->size = size;
}

/* The offset of what belongs to one bit; 0 if it is no metric. */
static size_t offset_of(uint64_t have_bit, const char **name)
{
    for (size_t i = 0; i < PM_METRIC_COUNT; i++)
        if (pm_metrics[i].have == have_bit) {
            *name = pm_metrics[i].name;
            return pm_metrics[i].process_offset;
        }
    for (size_t i = 0; i < PM_BLAME_COUNT; i++)
        if (pm_blame[i].have == have_bit) {
            *name = pm_blame[i].name;
            return pm_blame[i].process_offset;
        }
    *name = have_bit == PAUSEMON_HAVE_BLOCKED ? "blocked_ns" : NULL;
    return *name ? offsetof(struct pausemon_process, blocked_ns) : 0;
}

int pausemon_process_get_metric(const struct pausemon_process *process, uint64_t have_bit,
                                uint64_t *value)
{
    const char *name;
    size_t offset = offset_of(have_bit, &name);

    if (!offset || !process || !value || process->size < offset + sizeof *value)
        return PAUSEMON_ERR_INVALID;
    if (!(process->have & have_bit))
        return PAUSEMON_ERR_NOT_FOUND;
    *value = pm_value(process, offset);
    return 0;
}

const char *pausemon_metric_name(uint64_t have_bit)
{
    const char *name;

    offset_of(have_bit, &name);
    return name;
}
