/* SPDX-License-Identifier: MIT */
/* Built instead of doctor_linux.c where there is no /proc. */
#include <unistd.h>

#include "pausemon/doctor.h"

void doctor_rights(struct doctor *doctor)
{
    if (geteuid() == 0 || doctor->place.is_system)
        doctor_find(doctor, DOCTOR_OK, NULL, "root");
    else
        doctor_find(doctor, DOCTOR_LIMITED, "sudo pausemon install --system",
                    "without root there is neither spindump nor tailspin");
}

/* Nothing of these is there to be had, or can be looked at without doing it. */
void doctor_others(struct doctor *doctor)
{
    (void)doctor;
}

void doctor_pressure(struct doctor *doctor)
{
    (void)doctor;
}

void doctor_memory(struct doctor *doctor)
{
    (void)doctor;
}

void doctor_scheduling(struct doctor *doctor)
{
    (void)doctor;
}

void doctor_clock(struct doctor *doctor)
{
    (void)doctor;
}

void doctor_machine(struct doctor *doctor)
{
    (void)doctor;
}
