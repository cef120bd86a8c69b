/* SPDX-License-Identifier: MIT */
#include "common/out.h"

#include <errno.h>
#include <stdint.h>

#include "common/args.h"
#include "common/utf8.h"

#define OUT_TEXT 8192 /* longer ones are cut */

void out_json_text(const char *text)
{
    char clean[OUT_TEXT];

    utf8_clean(clean, sizeof clean, text);
    putchar('"');
    for (const char *at = clean; *at; at++) {
        if (*at == '"' || *at == '\\')
            putchar('\\');
        putchar(*at);
    }
    putchar('"');
}

int out_finish(const char *program, FILE *file)
{
    errno = 0;
    if (fflush(file) == 0 && !ferror(file))
        return 0;
    if (errno == EPIPE || errno == EINTR)
        return -1;
    return args_fail_os(program, -1, errno ? errno : EIO, "the output could not be written");
}

static void print_log(void *program, int level, const char *text)
{
    if (level <= PAUSEMON_LOG_WARNING)
        fprintf(stderr, "%s: %s\n", (const char *)program, text);
}

void out_host(struct pausemon_host *host, const char *program)
{
    *host = (struct pausemon_host)PAUSEMON_HOST_INIT;
    host->user = (void *)(uintptr_t)program;
    host->log = print_log;
}
