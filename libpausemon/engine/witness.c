/* SPDX-License-Identifier: MIT */
#include "engine/witness.h"

#include <poll.h>

#include "base/error.h"

#define STACK_SIZE ((size_t)96 << 10) /* the seat takes 17 KiB of it, a look about as much */
#define LOOK_LIMIT_NS (50 * PM_NS_PER_MS)
#define STOP_LIMIT_MS 200

/* Who stops it sets one of the last two, and does not touch the seat after that: the witness may
 * end, and its stack with it. Until then it does not end. */
enum state { WAITS, LOOKS, PUBLISHES, STOPPED, LEFT_ALONE };

struct pm_witness_seat {
    struct pm_wake wake;
    struct pm_pulse *pulse; /* touched in PUBLISHES only */
    pm_witness_look_fn look;
    void *user;
    atomic_int state; /* enum state */
    atomic_uint_least64_t cpu_ns;
    struct pm_stuck stuck;
};

static int look_at_machine(void *user, struct pm_stuck *stuck)
{
    (void)user;
    return pm_stuck_look(stuck, "/proc", LOOK_LIMIT_NS, true);
}

/* ---- the witness ---- */

/* False: it was left alone meanwhile, and nothing but the seat is there any more. */
static bool look_once(struct pm_witness_seat *seat)
{
    int64_t at_ns = pm_system_monotonic_ns();
    int looks = LOOKS;
    int status = seat->look(seat->user, &seat->stuck);

    atomic_store(&seat->cpu_ns, (uint64_t)pm_thread_cpu_ns());
    if (!atomic_compare_exchange_strong(&seat->state, &looks, PUBLISHES))
        return false;
    if (status == 0)
        pm_pulse_put_onset(seat->pulse, seat->stuck.text, at_ns);
    atomic_store(&seat->state, WAITS);
    return true;
}

static void *run(void *argument)
{
    struct pm_witness *witness = argument;
    struct pm_witness_seat seat = {.wake = witness->wake,
                                   .pulse = witness->pulse,
                                   .look = witness->look,
                                   .user = witness->user};

    pm_thread_touch_stack();
    atomic_store(&witness->seat, &seat);
    for (;;) {
        struct pollfd wake = {seat.wake.fd, POLLIN, 0};
        int waits = WAITS;
        if (poll(&wake, 1, -1) < 1)
            continue;
        pm_wake_clear(&seat.wake);
        if (!atomic_compare_exchange_strong(&seat.state, &waits, LOOKS) || !look_once(&seat))
            break;
    }
    if (atomic_load(&seat.state) == LEFT_ALONE)
        pm_wake_close(&seat.wake);
    return NULL;
}

/* ---- the heartbeat's side ---- */

int pm_witness_start(struct pm_witness *witness, struct pm_pulse *pulse, pm_witness_look_fn look,
                     void *user, struct pausemon_error *error)
{
    if (!look && !pm_stuck_is_available())
        return PAUSEMON_ERR_UNSUPPORTED;
    witness->pulse = pulse;
    witness->look = look ? look : look_at_machine;
    witness->user = user;
    atomic_init(&witness->seat, NULL);
    int status = pm_wake_open(&witness->wake, error);
    if (status < 0)
        return status;
    int os_errno = pm_thread_start(&witness->thread, STACK_SIZE, run, witness);
    if (os_errno) {
        pm_wake_close(&witness->wake);
        return pm_fail_os(error, os_errno, "cannot start a thread of the heartbeat");
    }
    witness->is_there = true;
    while (!atomic_load(&witness->seat))
        pm_sleep_until(pm_system_monotonic_ns() + PM_NS_PER_MS / 10);
    return 0;
}

bool pm_witness_ask(struct pm_witness *witness)
{
    struct pm_witness_seat *seat = atomic_load(&witness->seat);

    if (atomic_load(&seat->state) != WAITS)
        return false;
    pm_wake_signal(&witness->wake);
    return true;
}

uint64_t pm_witness_cpu_ns(struct pm_witness *witness)
{
    return witness->is_there ? atomic_load(&atomic_load(&witness->seat)->cpu_ns) : 0;
}

/* STOPPED, or LEFT_ALONE after the limit. */
static enum state end_seat(struct pm_witness_seat *seat)
{
    for (int i = 0;; i++) {
        int waits = WAITS, looks = LOOKS;
        if (atomic_compare_exchange_strong(&seat->state, &waits, STOPPED))
            return STOPPED;
        if (i >= STOP_LIMIT_MS && atomic_compare_exchange_strong(&seat->state, &looks, LEFT_ALONE))
            return LEFT_ALONE;
        pm_sleep_until(pm_system_monotonic_ns() + PM_NS_PER_MS);
    }
}

void pm_witness_stop(struct pm_witness *witness)
{
    if (!witness->is_there)
        return;
    witness->is_there = false;
    if (end_seat(atomic_load(&witness->seat)) == LEFT_ALONE) {
        pthread_detach(witness->thread); /* it closes the wake */
        return;
    }
    pm_wake_signal(&witness->wake);
    pthread_join(witness->thread, NULL);
    pm_wake_close(&witness->wake);
}

void pm_witness_forget(struct pm_witness *witness)
{
    if (witness->is_there)
        pm_wake_close(&witness->wake);
    witness->is_there = false;
}
