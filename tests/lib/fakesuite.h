/* SPDX-License-Identifier: MIT */
#ifndef FAKESUITE_H
#define FAKESUITE_H

/* For a suite on one fake /proc tree: made once, emptied before each test, dropped at the end. */

#include "fakeproc.h"

static struct fakeproc fake;

static void fakeproc_make(void)
{
    fakeproc_open(&fake);
}

static void fakeproc_empty(void)
{
    fakeproc_clear(&fake);
}

static void fakeproc_drop(void)
{
    fakeproc_close(&fake);
}

#endif
