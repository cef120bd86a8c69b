/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <stdio.h>

struct machine machine;

void machine_setup(void)
{
    harness_init(&machine.harness);
    ck_assert_int_eq(pausemon_config_new(&machine.config, &machine.harness.host, NULL), 0);
    pm_host_init(&machine.host, &machine.harness.host);
    pm_table_init(&machine.table, &machine.host, machine.config);
    pm_pause_init(&machine.pause, &machine.host);
    machine.row_count = 0;
}

void machine_teardown(void)
{
    pm_table_free(&machine.table);
    pausemon_config_free(machine.config);
    ck_assert_int_eq(machine.harness.live, 0);
}

struct pausemon_row *find(int64_t pid)
{
    for (size_t i = 0; i < machine.row_count; i++)
        if (machine.rows[i].pid == pid)
            return &machine.rows[i];
    ck_abort_msg("no process %d", (int)pid);
    return NULL;
}

struct pausemon_row *born(int64_t pid, int64_t ppid, const char *command)
{
    struct pausemon_row *row = &machine.rows[machine.row_count++];

    *row = (struct pausemon_row)PAUSEMON_ROW_INIT;
    row->pid = pid;
    row->ppid = ppid;
    row->start_time = 100 + pid;
    row->state = PAUSEMON_STATE_SLEEPING;
    row->mem = MIB;
    row->have = PAUSEMON_HAVE_CPU | PAUSEMON_HAVE_PPID | PAUSEMON_HAVE_START_TIME |
                PAUSEMON_HAVE_MEM | PAUSEMON_HAVE_CMPRS | PAUSEMON_HAVE_PAGEINS |
                PAUSEMON_HAVE_RUN_DELAY | PAUSEMON_HAVE_IO_BYTES | PAUSEMON_HAVE_CHILD_CPU |
                PAUSEMON_HAVE_STATE;
    snprintf(row->command, sizeof row->command, "%s", command);
    return row;
}

void ends(int64_t pid)
{
    struct pausemon_row *place = find(pid), row = *place;

    *place = machine.rows[--machine.row_count];
    for (size_t i = 0; i < machine.row_count; i++)
        if (machine.rows[i].pid == row.ppid)
            machine.rows[i].child_cpu_ns += row.cpu_ns + row.child_cpu_ns;
}

void spends(int64_t pid, uint64_t ms)
{
    find(pid)->cpu_ns += ms * MS;
}

void delays(int64_t pid, uint64_t ms)
{
    find(pid)->run_delay_ns += ms * MS;
}

void look(void)
{
    harness_tick(&machine.harness, SECOND);
    pm_table_begin(&machine.table, machine.harness.now.monotonic_ns);
    for (size_t i = 0; i < machine.row_count; i++)
        pm_table_put(&machine.table, &machine.rows[i]);
    ck_assert_int_eq(pm_table_end(&machine.table, true), 0);
}

void look_and_mark(void)
{
    look();
    pm_mark_set(&machine.table.mark);
}

void machine_name(uint64_t busy_ns)
{
    pm_guilt_clear(&machine.guilt);
    pm_guilt_add(&machine.guilt, &machine.table, machine.pause.info.cause, OWN_PID);
    pm_guilt_name(&machine.guilt, &machine.pause, busy_ns);
}

void blame(uint64_t cause, uint64_t busy_ms)
{
    machine.pause.info.cause = cause;
    machine.pause.info.lost_ns = 1000 * MS;
    machine_name(busy_ms * MS);
}

const struct pausemon_culprit *culprit(size_t index)
{
    const struct pausemon_culprit *found = pausemon_pause_get_culprit(&machine.pause, index);

    ck_assert_msg(found != NULL, "no culprit %d", (int)index);
    return found;
}

void check_culprit(size_t index, const char *command, uint64_t count, uint64_t share)
{
    ck_assert_str_eq(culprit(index)->command, command);
    ck_assert_uint_eq(culprit(index)->count, count);
    ck_assert_uint_eq(culprit(index)->share, share);
}

void check_culprits(uint64_t count)
{
    ck_assert_uint_eq(machine.pause.info.culprit_count, count);
    ck_assert_ptr_null(pausemon_pause_get_culprit(&machine.pause, (size_t)count));
}
