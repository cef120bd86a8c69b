/* SPDX-License-Identifier: MIT */
#ifndef CAPTURES_H
#define CAPTURES_H

/* Forensics of a stage, in a directory of their own, with stand-ins for the system's tools and
 * files below a root of the test's. */

#include <jansson.h>

#include "forensics/forensics.h"
#include "pauses_stage.h"

#define CAPTURES_TOLD 64

struct captures {
    struct stage stage;
    char directory[64];           /* of all */
    char events[96], root[96];    /* events: not made; root: before every path */
    const struct pm_steps *steps; /* NULL: of Linux */
    struct pausemon_forensics_options options;
    struct pausemon_forensics *forensics;
    struct pausemon_error error;
    size_t told_count; /* what `changed` told */
    struct pausemon_capture told[CAPTURES_TOLD];
    int idle; /* how often it was called */
};

/* A stage with two looks taken, the directory, and an empty root. */
void captures_init(struct captures *captures);

/* The forensics; attached too. */
void captures_open(struct captures *captures);
void captures_attach(struct captures *captures);

/* Frees all, removes all; nothing may be left allocated. */
void captures_end(struct captures *captures);

/* A file below the root, its directories with it; a tool is a shell's script that may be run. */
void captures_file(struct captures *captures, const char *path, const char *text);
void captures_tool(struct captures *captures, const char *path, const char *script);

/* For the forensics; the monitor has its own, by stage_set. */
void captures_set(struct captures *captures, const char *name, const char *value);

/* A freeze that ends with a look: of so many ms, by cpu starvation. */
void captures_freeze(struct captures *captures, int64_t ms);

/* Calm looks, one a second. */
void captures_calm(struct captures *captures, int seconds);

/* What run returned, the error in captures->error. */
int captures_run(struct captures *captures);

/* How many directories there are, and the n-th by name (from 0), in a static buffer. */
int captures_count(struct captures *captures);
const char *captures_name(struct captures *captures, int index);

/* The path of a file of a capture, in a static buffer. */
const char *captures_path(struct captures *captures, const char *name, const char *file);
bool captures_has(struct captures *captures, const char *name, const char *file);

/* A file, as text; free it. As JSON; decref it. */
char *captures_text(struct captures *captures, const char *name, const char *file);
json_t *captures_json(struct captures *captures, const char *name, const char *file);

/* Of one artifact in metadata.json: its error ("" for null) in a static buffer, its bytes. */
const char *captures_error(json_t *metadata, const char *artifact);
json_int_t captures_bytes(json_t *metadata, const char *artifact);

#endif
