/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_RUN_H
#define TOOLS_RUN_H

/* Runs words[0], an absolute path, with these words (ended by NULL), and waits for its end. No
 * shell. It has nothing to read; what it prints goes to stderr. Returns its exit code, 128 and its
 * signal if one ended it, or -1 and errno if it could not be run. */
int run_program(const char *const *words);

#endif
