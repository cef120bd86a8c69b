/* SPDX-License-Identifier: MIT */
#ifndef PM_ENGINE_WITNESS_H
#define PM_ENGINE_WITNESS_H

/* The heartbeat's third thread: looks at the tasks that wait uninterruptibly when the guard asks
 * for it, and puts the text into the pulse. Looking may wait in the kernel: nobody waits for the
 * witness, and one that does not come back is left to itself
 * (docs/decisions/0015-onset-and-flight-recorder.md). */

#include "engine/pulse.h"

/* Fills it, as pm_stuck_look does; 0, or a status: nothing was seen. */
typedef int (*pm_witness_look_fn)(void *user, struct pm_stuck *stuck);

/* What the witness itself uses. It lies on the witness's stack and goes with it, so that one that
 * comes back late finds it, and calls no function of a host that may be gone. */
struct pm_witness_seat;

/* The heartbeat's side. */
struct pm_witness {
    bool is_there;
    pthread_t thread;
    struct pm_wake wake;
    struct pm_pulse *pulse;
    pm_witness_look_fn look;
    void *user;
    struct pm_witness_seat *_Atomic seat;
};

/* Starts it. The pulse, with room for an onset, must live until stop. `look` NULL: that of the
 * machine, PAUSEMON_ERR_UNSUPPORTED where there is none. */
int pm_witness_start(struct pm_witness *witness, struct pm_pulse *pulse, pm_witness_look_fn look,
                     void *user, struct pausemon_error *error);

/* Asks for a look, without waiting; false: it has not come back from the one before. */
bool pm_witness_ask(struct pm_witness *witness);

/* CPU time it has used. */
uint64_t pm_witness_cpu_ns(struct pm_witness *witness);

/* Joins it, or after a fifth of a second leaves it to itself. Nobody asks any more. */
void pm_witness_stop(struct pm_witness *witness);

/* In a child after fork(), where it is not. */
void pm_witness_forget(struct pm_witness *witness);

#endif
