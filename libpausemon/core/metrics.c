/* SPDX-License-Identifier: MIT */
#include "core/metrics.h"

#include <string.h>

#include "base/text.h"

#define ROW(field) offsetof(struct pausemon_row, field)
#define PROCESS(field) offsetof(struct pausemon_process, field)
#define GIB (UINT64_C(1) << 30)

const struct pm_metric_row pm_metrics[PM_METRIC_COUNT] = {
    [PM_CPU] = {"cpu", PAUSEMON_HAVE_CPU, PAUSEMON_CATEGORY_CPU, PM_COUNTER, ROW(cpu_ns),
                PROCESS(cpu), 10, 1000, 10},
    [PM_MEM] = {"mem", PAUSEMON_HAVE_MEM, PAUSEMON_CATEGORY_MEM, PM_GAUGE, ROW(mem), PROCESS(mem),
                GIB, 1000, 1},
    [PM_CMPRS] = {"cmprs", PAUSEMON_HAVE_CMPRS, PAUSEMON_CATEGORY_CMPRS, PM_GAUGE, ROW(cmprs),
                  PROCESS(cmprs), GIB, 1000, 1},
    [PM_PAGEINS] = {"pageins", PAUSEMON_HAVE_PAGEINS, PAUSEMON_CATEGORY_PAGEINS, PM_COUNTER,
                    ROW(pageins), PROCESS(pageins), 1, 1, 1},
    [PM_CSW] = {"csw", PAUSEMON_HAVE_CSW, PAUSEMON_CATEGORY_CSW, PM_COUNTER, ROW(csw), PROCESS(csw),
                1, 1, 1},
    [PM_SYSBSD] = {"sysbsd", PAUSEMON_HAVE_SYSBSD, PAUSEMON_CATEGORY_SYSBSD, PM_COUNTER,
                   ROW(sysbsd), PROCESS(sysbsd), 1, 1, 1},
    [PM_THREADS] = {"threads", PAUSEMON_HAVE_THREADS, PAUSEMON_CATEGORY_THREADS, PM_GAUGE,
                    ROW(threads), PROCESS(threads), 1, 1, 1},
};

const struct pm_blame_row pm_blame[PM_BLAME_COUNT] = {
    {"run_delay_ns", PAUSEMON_HAVE_RUN_DELAY, ROW(run_delay_ns), PROCESS(run_delay_ns)},
    {"io_bytes", PAUSEMON_HAVE_IO_BYTES, ROW(io_bytes), PROCESS(io_bytes)},
    {"child_cpu_ns", PAUSEMON_HAVE_CHILD_CPU, ROW(child_cpu_ns), PROCESS(child_cpu_ns)},
};

const struct pm_named_bit pm_identity[PM_IDENTITY_COUNT] = {
    {PAUSEMON_HAVE_PPID, "ppid"},
    {PAUSEMON_HAVE_START_TIME, "start_time"},
};

const struct pm_named_bit pm_categories[PM_CATEGORY_COUNT] = {
    {PAUSEMON_CATEGORY_STUCK, "stuck"},     {PAUSEMON_CATEGORY_STATE, "state"},
    {PAUSEMON_CATEGORY_CPU, "cpu"},         {PAUSEMON_CATEGORY_MEM, "mem"},
    {PAUSEMON_CATEGORY_CMPRS, "cmprs"},     {PAUSEMON_CATEGORY_THREADS, "threads"},
    {PAUSEMON_CATEGORY_CSW, "csw"},         {PAUSEMON_CATEGORY_SYSBSD, "sysbsd"},
    {PAUSEMON_CATEGORY_PAGEINS, "pageins"},
};

const struct pm_state_row pm_states[PM_STATE_COUNT] = {
    [PAUSEMON_STATE_UNKNOWN] = {"unknown", 0},
    [PAUSEMON_STATE_RUNNING] = {"running", 0},
    [PAUSEMON_STATE_SLEEPING] = {"sleeping", 0},
    [PAUSEMON_STATE_IDLE] = {"idle", 0},
    [PAUSEMON_STATE_STOPPED] = {"stopped", 400000},
    [PAUSEMON_STATE_HALTED] = {"halted", 600000},
    [PAUSEMON_STATE_ZOMBIE] = {"zombie", 800000},
    [PAUSEMON_STATE_UNINTERRUPTIBLE] = {"uninterruptible", 0},
    [PAUSEMON_STATE_STUCK] = {"stuck", 1000000},
};

const char *pausemon_state_name(uint64_t state)
{
    return pm_states[state < PM_STATE_COUNT ? state : PAUSEMON_STATE_UNKNOWN].name;
}

uint64_t pausemon_state_from_name(const char *name)
{
    for (uint64_t state = 0; name && state < PM_STATE_COUNT; state++)
        if (strcmp(pm_states[state].name, name) == 0)
            return state;
    return PAUSEMON_STATE_UNKNOWN;
}

const char *pausemon_category_name(uint64_t category)
{
    for (size_t i = 0; i < PM_CATEGORY_COUNT; i++)
        if (pm_categories[i].bit == category)
            return pm_categories[i].name;
    return NULL;
}

void pausemon_command_copy(char *command, const char *name)
{
    pm_text_clean(command, PAUSEMON_COMMAND_SIZE, name, strlen(name));
}
