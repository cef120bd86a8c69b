/* SPDX-License-Identifier: MIT */
#ifndef MACHINE_H
#define MACHINE_H

/* A machine of a few processes, played through the table of the library, for blame. One a test:
 * machine_setup and machine_teardown as a fixture. */

#include "core/blame.h"
#include "harness.h"

#define SECOND INT64_C(1000000000)
#define MS UINT64_C(1000000)
#define MIB (UINT64_C(1) << 20)
#define OWN_PID 4242

struct machine {
    struct harness harness;
    struct pausemon_config *config;
    struct pm_host host;
    struct pm_table table;
    struct pausemon_pause pause;
    struct pm_guilt guilt;
    struct pausemon_row rows[10400]; /* what each look sees */
    size_t row_count;
};

extern struct machine machine;

void machine_setup(void);
void machine_teardown(void);

/* A process that sleeps, has a MiB, and of which all that blame asks for is known. */
struct pausemon_row *born(int64_t pid, int64_t ppid, const char *command);
struct pausemon_row *find(int64_t pid);

/* It ends; its parent waits for it, and has its time and that of its children. */
void ends(int64_t pid);

void spends(int64_t pid, uint64_t ms);
void delays(int64_t pid, uint64_t ms);

/* A second later, all of them. look_and_mark: the last look before the pause. */
void look(void);
void look_and_mark(void);

/* Of a pause whose cause and length are set: of one freeze. */
void machine_name(uint64_t busy_ns);

/* Of a pause of a second. */
void blame(uint64_t cause, uint64_t busy_ms);

const struct pausemon_culprit *culprit(size_t index);
void check_culprit(size_t index, const char *command, uint64_t count, uint64_t share);
void check_culprits(uint64_t count);

#endif
