/* SPDX-License-Identifier: MIT */
/* Built instead of message.c where there is no jansson. */
#include "common/message.h"

#include <string.h>

int message_read(struct message *message, const char *line, size_t length)
{
    (void)line;
    (void)length;
    memset(message, 0, sizeof *message);
    return -2;
}

int message_each_sample(const char *line, size_t length,
                        void (*each)(void *user, const char *text, size_t length, int64_t tier),
                        void *user)
{
    (void)line;
    (void)length;
    (void)each;
    (void)user;
    return -2;
}

size_t message_make_safe(char *out, const char *line, size_t length)
{
    (void)line;
    (void)length;
    *out = '\0';
    return 0;
}
