/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_FILES_H
#define TOOLS_FILES_H

/* Files that are made and taken away. Nothing is opened through a symbolic link. On failure errno
 * says why; ELOOP or ENOTDIR: there is a symbolic link, or no directory. */

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The directory `below` the directory `base`, whose own path may have links in it. What is missing
 * is made with `mode`; 0: nothing is made. A descriptor, or -1. */
int files_open_directory(const char *base, const char *below, mode_t mode);

/* The same for a whole path, of which only the last part may be no symbolic link: what is above it
 * is its owner's affair. */
int files_make_directory(const char *path, mode_t mode);

/* Reads a whole ordinary file of less than `size` bytes, and ends it with a NUL. Its length, or -1:
 * EFBIG: it is longer; EINVAL: it is no ordinary file. */
int files_read(int directory, const char *name, char *text, size_t size);

/* Makes the file, or puts another in its place, whole or not at all. 0 or -1. */
int files_replace(int directory, const char *name, const char *text, size_t length, mode_t mode);

/* The process that holds the daemon's lock on this file: 1 and *pid, 0: nobody, -1: not known. */
int files_lock_holder(const char *path, pid_t *pid);

#endif
