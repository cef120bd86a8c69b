/* SPDX-License-Identifier: MIT */
#include "base/boot.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

void pm_boot_id_read(char id[PM_BOOT_ID_SIZE])
{
    id[0] = '\0';
#ifdef __APPLE__
    size_t size = PM_BOOT_ID_SIZE;
    if (sysctlbyname("kern.bootsessionuuid", id, &size, NULL, 0) != 0)
        id[0] = '\0';
#else
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, id, PM_BOOT_ID_SIZE - 1);
    if (fd >= 0)
        close(fd);
    id[got > 0 ? got : 0] = '\0';
    id[strcspn(id, "\n")] = '\0';
#endif
}
