/* SPDX-License-Identifier: MIT */
/* What is to be had of a macOS. Compiled everywhere, so that the table is tested everywhere; that
 * the tools take these words is by their manuals, no Mac was at hand. */
#include "forensics/forensics.h"

#define LIMIT(field) .limit = offsetof(struct pausemon_config, field)

static const char *const spindump[] = {"/usr/sbin/spindump", NULL};
static const char *const spindump_words[] = {"-notarget", "5", "10", "-stdout", "-noFile", NULL};
static const char *const tailspin[] = {"/usr/bin/tailspin", NULL};
static const char *const tailspin_words[] = {"save", "{file}", NULL};
static const char *const log_show[] = {"/usr/bin/log", NULL};
static const char *const log_words[] = {"show", "--last", "{last}s", "--style", "compact", NULL};

static const struct pm_step steps[] = {
    {.name = "ring_buffer.json", .write = pm_artifact_ring, .of_moment = true},
    {.name = "processes.json", .write = pm_artifact_processes, .of_moment = true},
    /* Its ring reaches some 20 s back: the only tool that saw the freeze itself. */
    {.name = "tailspin.tailspin",
     .programs = tailspin,
     .arguments = tailspin_words,
     LIMIT(tailspin_timeout),
     .makes_file = true,
     .needs_root = true},
    {.name = "spindump.txt",
     .programs = spindump,
     .arguments = spindump_words,
     LIMIT(spindump_timeout),
     .is_text = true,
     .needs_root = true},
    {.name = "system.log",
     .programs = log_show,
     .arguments = log_words,
     LIMIT(logs_timeout),
     .is_text = true},
};

const struct pm_steps pm_steps_darwin = {steps, sizeof steps / sizeof steps[0], false};

#ifdef __APPLE__
const struct pm_steps *pm_steps_here(void)
{
    return &pm_steps_darwin;
}
#endif
