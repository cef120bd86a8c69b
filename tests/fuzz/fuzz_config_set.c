/* SPDX-License-Identifier: MIT */
/* One key set to one value: "name NUL value". */
#include "fuzz_config.h"

static void check_set(struct pausemon_config *config, const char *name)
{
    struct fuzz_text value = {NULL, 0, 0};

    FUZZ_CHECK(pausemon_config_get_origin(config, name) == PAUSEMON_CONFIG_ORIGIN_SET);
    /* What get gives, set takes, and it is the same. */
    struct fuzz_text before = fuzz_file(config);
    FUZZ_CHECK(pausemon_config_get(config, name, fuzz_write, &value) == 0);
    FUZZ_CHECK(pausemon_config_set(config, name, value.bytes, NULL) == 0);
    FUZZ_CHECK(fuzz_same_text(before, fuzz_file(config)));
    free(value.bytes);
    if (pausemon_has("config") && pausemon_config_check(config, NULL) == 0)
        fuzz_check_written(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t length = nul ? (size_t)(nul - data) : size;
    struct pausemon_config *config;
    struct pausemon_error error;

    char *name = fuzz_string(data, length);
    char *rest = nul ? fuzz_string(nul + 1, size - length - 1) : fuzz_string(NULL, 0);
    char *value = fuzz_string(rest, strlen(rest)); /* of its exact size */
    FUZZ_CHECK(pausemon_config_new(&config, NULL, NULL) == 0);
    struct fuzz_text before = fuzz_file(config);
    memset(&error, 0x5A, sizeof error);
    int status = pausemon_config_set(config, name, value, &error);
    fuzz_check_error(&error, status);
    if (status < 0) {
        FUZZ_CHECK(fuzz_same_text(before, fuzz_file(config)));
    } else {
        free(before.bytes);
        check_set(config, name);
    }
    pausemon_config_free(config);
    free(value);
    free(rest);
    free(name);
    return 0;
}
