/* SPDX-License-Identifier: MIT */
/* A line of the daemon's socket, as the tools take it: what is taken is shown as the same JSON, in
 * which nothing is a command to a terminal. */
#include "fuzz.h"

#include "common/message.h"
#include "common/utf8.h"

static void check_texts(const struct message *message)
{
    const struct {
        const char *text;
        size_t size;
    } texts[] = {
        {message->type, sizeof message->type},
        {message->text, sizeof message->text},
        {message->disk, sizeof message->disk},
        {message->budget, sizeof message->budget},
        {message->heartbeat, sizeof message->heartbeat},
        {message->elevated_since, sizeof message->elevated_since},
        {message->critical_since, sizeof message->critical_since},
        {message->version, sizeof message->version},
        {message->blackbox, sizeof message->blackbox},
        {message->source, sizeof message->source},
        {message->start, sizeof message->start},
        {message->end, sizeof message->end},
        {message->status, sizeof message->status},
        {message->notes, sizeof message->notes},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FUZZ_CHECK(memchr(texts[i].text, 0, texts[i].size));
        FUZZ_CHECK(fuzz_is_clean(texts[i].text, strlen(texts[i].text)));
        FUZZ_CHECK(utf8_width(texts[i].text) >= 0);
    }
}

static void count_sample(void *user, const char *text, size_t length, int64_t tier)
{
    (void)tier;
    FUZZ_CHECK(text[length] == '\0');
    ++*(size_t *)user;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message message;
    char *copy = fuzz_copy(data, size), *safe = malloc(MESSAGE_SAFE_SIZE(size));

    FUZZ_CHECK(safe);
    int status = message_read(&message, copy, size);
    FUZZ_CHECK(status == 0 || status == -1);
    check_texts(&message);
    size_t samples = 0;
    int each = message_each_sample(copy, size, count_sample, &samples);
    FUZZ_CHECK(each == 0 || (each == -1 && status == -1 && samples == 0));
    if (status == 0) {
        size_t length = message_make_safe(safe, copy, size);
        FUZZ_CHECK(length < MESSAGE_SAFE_SIZE(size) && safe[length] == '\0');
        FUZZ_CHECK(fuzz_is_clean(safe, length));
        json_t *before = json_loadb(copy, size, 0, NULL),
               *after = json_loadb(safe, length, 0, NULL);
        FUZZ_CHECK(before && after && json_equal(before, after));
        json_decref(before);
        json_decref(after);
    }
    free(safe);
    free(copy);
    return 0;
}
