/* SPDX-License-Identifier: MIT */
#include <pausemon/escalation.h>

#include <string.h>

static const char *const reviews[] = {
    [PAUSEMON_REVIEW_UNREVIEWED] = "unreviewed",
    [PAUSEMON_REVIEW_REVIEWED] = "reviewed",
    [PAUSEMON_REVIEW_PINNED] = "pinned",
    [PAUSEMON_REVIEW_DISMISSED] = "dismissed",
};

#define REVIEW_COUNT (sizeof reviews / sizeof reviews[0])

const char *pausemon_review_name(uint64_t review)
{
    return review < REVIEW_COUNT ? reviews[review] : NULL;
}

int pausemon_review_from_name(const char *name)
{
    for (size_t i = 0; i < REVIEW_COUNT; i++)
        if (name && strcmp(name, reviews[i]) == 0)
            return (int)i;
    return -1;
}
