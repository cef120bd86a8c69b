/* SPDX-License-Identifier: MIT */
#ifndef PM_BASE_BOOT_H
#define PM_BASE_BOOT_H

#define PM_BOOT_ID_SIZE 64

/* What the system calls this boot: another one after each start. "": not known. */
void pm_boot_id_read(char id[PM_BOOT_ID_SIZE]);

#endif
