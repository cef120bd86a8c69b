/* SPDX-License-Identifier: MIT */
/* The parsers of the machine's totals, of cgroups and units: each sees every input. */
#include "fuzz.h"

#include "sources/readings_parse.h"
#include "sources/unit_parse.h"

#define TICK UINT64_C(10000000)
#define ROUNDS 8

static struct pm_readings nothing;

/* What a text that was cut off still gives is what the whole text gives, unless a line that was
 * lost says it again. */
static void try_machine(const char *bytes, size_t length, uint64_t *seed)
{
    static struct pm_readings whole, some;

    whole = nothing;
    pm_parse_machine_stat(bytes, length, TICK, &whole);
    FUZZ_CHECK(whole.cpu_count <= PM_MAX_CPUS);
    FUZZ_CHECK((whole.have & ~(UINT64_C(1) << PM_READ_BUSY | UINT64_C(1) << PM_READ_SWITCHES)) ==
               0);
    FUZZ_CHECK(whole.value[PM_READ_BUSY] <= INT64_MAX);
    for (size_t i = 0; i < whole.cpu_count; i++)
        FUZZ_CHECK(whole.cpus[i].accounted_ns <= INT64_MAX &&
                   whole.cpus[i].steal_ns <= whole.cpus[i].accounted_ns);
    for (int i = 0; i < ROUNDS && length > 0; i++) {
        size_t cut = (size_t)fuzz_draw(seed, length);
        char *copy = fuzz_copy(bytes, cut);
        some = nothing;
        pm_parse_machine_stat(copy, cut, TICK, &some);
        FUZZ_CHECK((some.have & ~whole.have) == 0 && some.cpu_count <= whole.cpu_count);
        FUZZ_CHECK(memcmp(some.cpus, whole.cpus, some.cpu_count * sizeof *some.cpus) == 0);
        free(copy);
    }
}

static void try_totals(const char *bytes, size_t length)
{
    static struct pm_readings readings;

    readings = nothing;
    pm_parse_pressure(bytes, length, PM_READ_MEMORY_SOME, PM_READ_MEMORY_FULL, &readings);
    pm_parse_pressure(bytes, length, PM_READ_CPU_SOME, PM_READ_COUNT, &readings);
    FUZZ_CHECK(pm_growth_has(&(struct pm_growth){.have = readings.have}, PM_READ_CPU_SOME) ==
               pm_growth_has(&(struct pm_growth){.have = readings.have}, PM_READ_MEMORY_SOME));
    pm_parse_cpu_stat(bytes, length, &readings);
    for (int i = 0; i < PM_READ_COUNT; i++)
        FUZZ_CHECK(readings.value[i] <= INT64_MAX &&
                   (readings.have >> i & 1 || !readings.value[i]));
}

static void try_cgroup(const char *bytes, size_t length)
{
    static const char *const controllers[] = {NULL, "cpu", "cpuacct", "name=systemd", ""};
    char path[PM_CGROUP_SIZE];

    for (size_t i = 0; i < sizeof controllers / sizeof controllers[0]; i++) {
        memset(path, 'x', sizeof path);
        if (!pm_parse_cgroup(bytes, length, controllers[i], path))
            continue;
        FUZZ_CHECK(memchr(path, '\0', sizeof path) && !strchr(path, '\n'));
    }
}

static void try_unit(const char *bytes, size_t length, uint64_t *seed)
{
    size_t size = 1 + (size_t)fuzz_draw(seed, 128);
    char *unit = malloc(size);
    int64_t uid = pm_parse_uid(bytes, length);

    FUZZ_CHECK(uid >= -1 && uid <= UINT32_MAX);
    memset(unit, 'x', size);
    pm_parse_unit(bytes, length, unit, size);
    FUZZ_CHECK(memchr(unit, '\0', size));
    for (size_t i = 0; unit[i]; i++)
        FUZZ_CHECK((unsigned char)unit[i] >= ' ' && unit[i] != 0x7f && unit[i] != '/');
    free(unit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = fuzz_copy(data, size);
    uint64_t seed = fuzz_seed(data, size);

    try_machine(bytes, size, &seed);
    try_totals(bytes, size);
    try_cgroup(bytes, size);
    try_unit(bytes, size, &seed);
    free(bytes);
    return 0;
}
