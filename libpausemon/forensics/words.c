/* SPDX-License-Identifier: MIT */
#include "forensics/words.h"

#include <stdio.h>
#include <string.h>

#include "forensics/forensics.h"

void pm_words_init(struct pm_words *words)
{
    words->count = words->used = 0;
    words->argv[0] = NULL;
}

bool pm_words_add(struct pm_words *words, const char *word)
{
    size_t size = strlen(word) + 1;

    if (words->count + 1 >= PM_WORDS_MAX || size > PM_WORDS_TEXT - words->used)
        return false;
    memcpy(words->text + words->used, word, size);
    words->argv[words->count++] = words->text + words->used;
    words->argv[words->count] = NULL;
    words->used += size;
    return true;
}

/* Whether it is one of the names; then `out` is its value. */
static bool value_of(char out[PATH_MAX], const char *name, size_t length,
                     const struct pm_values *values)
{
    const struct pm_capture *capture = values->capture;
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"since", values->since_s},
        {"until", values->until_s},
        {"last", values->until_s - values->since_s},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strlen(numbers[i].name) == length && memcmp(numbers[i].name, name, length) == 0)
            return snprintf(out, PATH_MAX, "%lld", (long long)numbers[i].value) > 0;
    if (length != 4 || memcmp(name, "file", 4) != 0)
        return false;
    int needed = snprintf(out, PATH_MAX, "%s/%s/%s", capture->forensics->place, capture->told.name,
                          values->name);
    return needed > 0 && needed < PATH_MAX;
}

bool pm_words_expand(struct pm_words *words, const char *template, const struct pm_values *values)
{
    const char *open = strchr(template, '{'), *close = open ? strchr(open, '}') : NULL;
    char value[PATH_MAX], word[PATH_MAX];

    if (!close)
        return pm_words_add(words, template);
    if (!value_of(value, open + 1, (size_t)(close - open - 1), values))
        return false;
    int needed =
        snprintf(word, sizeof word, "%.*s%s%s", (int)(open - template), template, value, close + 1);
    return needed > 0 && (size_t)needed < sizeof word && pm_words_add(words, word);
}
