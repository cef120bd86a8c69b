/* SPDX-License-Identifier: MIT */
#include "sources/readings_parse.h"

#include <string.h>

#include "base/text.h"

/* The next whole line, without its end; false at the end of the text. */
static bool next_line(const char **at, const char *end, const char **line, size_t *length)
{
    const char *line_end = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;

    if (!line_end)
        return false;
    *line = *at;
    *length = (size_t)(line_end - *at);
    *at = line_end + 1;
    return true;
}

static bool next_number(const char **at, const char *end, uint64_t *value)
{
    while (*at < end && **at == ' ')
        (*at)++;
    return pm_parse_u64(at, end, value);
}

/* ---- /proc/stat ---- */

#define CPU_FIELDS                                                                                 \
    8 /* user nice system idle iowait irq softirq steal; guests are in the first two */

static bool parse_cpu(const char *at, const char *end, uint64_t ns_per_tick,
                      uint64_t ns[CPU_FIELDS])
{
    for (size_t i = 0; i < CPU_FIELDS; i++) {
        if (!next_number(&at, end, &ns[i]) || ns[i] > INT64_MAX / ns_per_tick / CPU_FIELDS)
            return false;
        ns[i] *= ns_per_tick;
    }
    return true;
}

static void take_cpu(const char *line, size_t length, uint64_t ns_per_tick,
                     struct pm_readings *readings)
{
    const char *at = line + 3, *end = line + length;
    uint64_t ns[CPU_FIELDS], number = 0;
    bool all = length > 3 && line[3] == ' ';

    if ((!all && !pm_parse_u64(&at, end, &number)) || !parse_cpu(at, end, ns_per_tick, ns))
        return;
    if (all) {
        pm_readings_set(readings, PM_READ_BUSY, ns[0] + ns[1] + ns[2] + ns[5] + ns[6]);
        return;
    }
    if (readings->cpu_count == PM_MAX_CPUS)
        return;
    struct pm_cpu_time *cpu = &readings->cpus[readings->cpu_count++];
    cpu->number = number;
    cpu->steal_ns = ns[7];
    cpu->accounted_ns = 0;
    for (size_t i = 0; i < CPU_FIELDS; i++)
        cpu->accounted_ns += ns[i];
}

void pm_parse_machine_stat(const char *bytes, size_t length, uint64_t ns_per_tick,
                           struct pm_readings *readings)
{
    const char *at = bytes, *line;
    size_t size;
    uint64_t switches;

    readings->cpu_count = 0;
    while (next_line(&at, bytes + length, &line, &size)) {
        const char *value = line + 5;
        if (pm_text_starts(line, size, "cpu"))
            take_cpu(line, size, ns_per_tick, readings);
        else if (pm_text_starts(line, size, "ctxt ") && next_number(&value, line + size, &switches))
            pm_readings_set(readings, PM_READ_SWITCHES, switches);
    }
}

/* ---- pressure, cgroup ---- */

static const char *find(const char *bytes, size_t length, const char *word)
{
    return memmem(bytes, length, word, strlen(word));
}

void pm_parse_pressure(const char *bytes, size_t length, enum pm_reading some, enum pm_reading full,
                       struct pm_readings *readings)
{
    const char *at = bytes, *line;
    size_t size;
    uint64_t us;

    while (next_line(&at, bytes + length, &line, &size)) {
        enum pm_reading which = pm_text_starts(line, size, "some ")   ? some
                                : pm_text_starts(line, size, "full ") ? full
                                                                      : PM_READ_COUNT;
        const char *total = which < PM_READ_COUNT ? find(line, size, " total=") : NULL;
        if (!total)
            continue;
        total += strlen(" total=");
        if (pm_parse_u64(&total, line + size, &us) && total == line + size &&
            us <= INT64_MAX / 1000)
            pm_readings_set(readings, which, us * 1000);
    }
}

void pm_parse_cpu_stat(const char *bytes, size_t length, struct pm_readings *readings)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } keys[] = {{"throttled_usec ", 1000}, {"throttled_time ", 1}};
    const char *at = bytes, *line;
    size_t size;

    while (next_line(&at, bytes + length, &line, &size))
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
            const char *value = line + strlen(keys[i].name);
            uint64_t number;
            if (pm_text_starts(line, size, keys[i].name) &&
                pm_parse_u64(&value, line + size, &number) && number <= INT64_MAX / 1000)
                pm_readings_set(readings, PM_READ_THROTTLED, number * keys[i].ns);
        }
}

/* "4:cpu,cpuacct:/path", "0::/path". */
bool pm_parse_cgroup(const char *bytes, size_t length, const char *controller,
                     char path[PM_CGROUP_SIZE])
{
    const char *at = bytes, *line;
    size_t size;

    while (next_line(&at, bytes + length, &line, &size)) {
        const char *end = line + size, *names = memchr(line, ':', size);
        const char *colon = names ? memchr(names + 1, ':', (size_t)(end - names - 1)) : NULL;
        if (!colon)
            continue;
        bool found = !controller && colon == names + 1;
        for (const char *name = names + 1; controller && name < colon && !found;) {
            const char *comma = memchr(name, ',', (size_t)(colon - name));
            const char *name_end = comma ? comma : colon;
            found = pm_text_is(name, (size_t)(name_end - name), controller);
            name = name_end + 1;
        }
        size_t path_size = (size_t)(end - colon - 1);
        if (!found)
            continue;
        if (path_size >= PM_CGROUP_SIZE || memchr(colon + 1, '\0', path_size))
            return false;
        memcpy(path, colon + 1, path_size);
        path[path_size] = '\0';
        return true;
    }
    return false;
}
