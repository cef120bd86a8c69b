/* SPDX-License-Identifier: MIT */
/* Compiled for macOS, never run on one by us. There is no steal, no pressure and no run delay to be
 * read: a pause is suspend, host, stopped or unknown. */
#include "sources/readings.h"

#include <mach/mach.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void pm_reader_open(struct pm_reader *reader)
{
    reader->has_thread = false;
    reader->thread_fd = -1;
}

void pm_reader_close(struct pm_reader *reader)
{
    reader->has_thread = false;
}

void pm_reader_watch(struct pm_reader *reader, pthread_t thread, int64_t tid)
{
    (void)tid;
    reader->thread_clock = (clockid_t)pthread_mach_thread_np(thread);
    reader->has_thread = true;
}

static uint64_t time_ns(time_value_t time)
{
    return (uint64_t)time.seconds * PM_NS_PER_S + (uint64_t)time.microseconds * 1000;
}

static void read_thread(struct pm_reader *reader, struct pm_readings *readings)
{
    thread_basic_info_data_t info;
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;
    struct rusage usage;

    if (reader->has_thread && thread_info((thread_t)reader->thread_clock, THREAD_BASIC_INFO,
                                          (thread_info_t)&info, &count) == KERN_SUCCESS)
        pm_readings_set(readings, PM_READ_OWN_CPU,
                        time_ns(info.user_time) + time_ns(info.system_time));
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        pm_readings_set(readings, PM_READ_FAULTS, (uint64_t)usage.ru_majflt);
}

/* Ticks of 10 ms of all CPUs: user, system, idle, nice. */
static void read_machine(struct pm_readings *readings)
{
    host_cpu_load_info_data_t load;
    mach_msg_type_number_t count = HOST_CPU_LOAD_INFO_COUNT;

    if (host_statistics(mach_host_self(), HOST_CPU_LOAD_INFO, (host_info_t)&load, &count) ==
        KERN_SUCCESS)
        pm_readings_set(readings, PM_READ_BUSY,
                        ((uint64_t)load.cpu_ticks[CPU_STATE_USER] +
                         load.cpu_ticks[CPU_STATE_SYSTEM] + load.cpu_ticks[CPU_STATE_NICE]) *
                            10 * PM_NS_PER_MS);
}

void pm_reader_read(struct pm_reader *reader, struct pm_readings *readings)
{
    readings->have = 0;
    readings->cpu_count = 0;
    readings->at_ns = (int64_t)clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
    read_machine(readings);
    read_thread(reader, readings);
}
