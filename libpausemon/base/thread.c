/* SPDX-License-Identifier: MIT */
/* What of thread.h is the same on every system. */
#include "base/thread.h"

#include <limits.h>
#include <signal.h>

#define TOUCHED_STACK ((size_t)32 << 10)

int pm_thread_start(pthread_t *thread, size_t stack_size, void *run(void *argument), void *argument)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    int status = pthread_attr_init(&attributes);

    if (status != 0)
        return status;
    size_t least = (size_t)PTHREAD_STACK_MIN;
    pthread_attr_setstacksize(&attributes, stack_size > least ? stack_size : least);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    status = pthread_create(thread, &attributes, run, argument);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return status;
}

void pm_thread_touch_stack(void)
{
    volatile char bytes[TOUCHED_STACK];

    for (size_t i = 0; i < sizeof bytes; i += 1024)
        bytes[i] = 0;
    bytes[0] = bytes[sizeof bytes - 1024];
}
