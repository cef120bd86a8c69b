/* SPDX-License-Identifier: MIT */
#include "pausemond/rss.h"

#ifdef __APPLE__
#include <mach/mach.h>

uint64_t rss_bytes(void)
{
    struct mach_task_basic_info info;
    mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;

    return task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t)&info, &count) ==
                   KERN_SUCCESS
               ? info.resident_size
               : 0;
}
#else
#include <fcntl.h>
#include <unistd.h>

/* The second number of /proc/self/statm, in pages. */
static uint64_t second_number(const char *text)
{
    uint64_t number = 0;

    while (*text && *text != ' ')
        text++;
    for (text += *text == ' '; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    return number;
}

uint64_t rss_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    return second_number(text) * (uint64_t)sysconf(_SC_PAGESIZE);
}
#endif
