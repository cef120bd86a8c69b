/* SPDX-License-Identifier: MIT */
/* Text of programs and of processes on its way to people: an errand's output in pieces, and the
 * arguments of a notification, where a name is never an escape, markup or another argument. */
#include "fuzz.h"

#include "forensics/alerts.h"

static void check_output(const char *bytes, size_t size)
{
    char *clean = malloc(size + 1);

    FUZZ_CHECK(clean);
    size_t length = pm_errand_clean(clean, bytes, size);
    FUZZ_CHECK(length <= size && !memchr(clean, 0, length));
    for (size_t i = 0; i < length; i++)
        if (clean[i] == '\n' || clean[i] == '\t')
            clean[i] = ' ';
    FUZZ_CHECK(fuzz_is_clean(clean, length));
    free(clean);
}

/* As notify-send and a desktop read it: escapes of C, then entities. */
static void undo(char *text)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;"};
    size_t used = 0;

    for (const char *at = text; *at; used++) {
        size_t skip = 1;
        FUZZ_CHECK(*at != '<' && *at != '>');
        text[used] = *at;
        if (*at == '\\') {
            FUZZ_CHECK(at[1] == '\\');
            skip = 2;
        }
        for (size_t i = 0; *at == '&' && i < 3; i++)
            if (strncmp(at, entities[i], strlen(entities[i])) == 0) {
                text[used] = "&<>"[i];
                skip = strlen(entities[i]);
            }
        FUZZ_CHECK(*at != '&' || skip > 1);
        at += skip;
    }
    text[used] = '\0';
}

static void check_arguments(const struct pm_alert *notice, const struct pm_alert_system *system,
                            bool other)
{
    struct pm_alert_command command;
    struct pm_alert_text text;
    const struct pm_alert_user user = {1000, 1000};

    pm_alert_write(&text, notice);
    FUZZ_CHECK(pm_alert_compose(&command, system, "", &text, true, &user, other) == 0);
    FUZZ_CHECK(command.count >= 2 && !command.argv[command.count]);
    FUZZ_CHECK(strcmp(command.argv[command.count - 2], text.title) == 0);
    char *body = command.store + (command.argv[command.count - 1] - command.store);
    if (system->has_markup)
        undo(body);
    FUZZ_CHECK(strcmp(body, text.body) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_alert notice = {.pid = 1};
    char *copy = fuzz_copy(data, size);
    size_t name = size < sizeof notice.name ? size : sizeof notice.name - 1;
    size_t verdict = size < sizeof notice.verdict ? size : sizeof notice.verdict - 1;

    check_output(copy, size);
    memcpy(notice.name, copy, name);
    memcpy(notice.verdict, copy, verdict);
    for (int kind = 0; kind < PM_ALERT_KIND_COUNT; kind++) {
        notice.kind = (enum pm_alert_kind)kind;
        check_arguments(&notice, &pm_alert_linux, kind % 2 == 0);
        check_arguments(&notice, &pm_alert_darwin, kind % 2 == 0);
    }
    free(copy);
    return 0;
}
