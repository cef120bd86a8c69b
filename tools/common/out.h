/* SPDX-License-Identifier: MIT */
#ifndef TOOLS_OUT_H
#define TOOLS_OUT_H

#include <pausemon/common.h>
#include <stdio.h>

/* The text as a JSON string, in quotes, on stdout; what is not harmless becomes '?'. */
void out_json_text(const char *text);

/* 0 if everything written to the file has arrived; else -1 after a line on stderr, unless the
 * reader simply went away (a closed pipe) or we were interrupted. */
int out_finish(const char *program, FILE *file);

/* A host whose log goes to stderr as "program: …", warnings and errors only. */
void out_host(struct pausemon_host *host, const char *program);

#endif
