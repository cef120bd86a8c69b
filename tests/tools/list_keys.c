/* SPDX-License-Identifier: MIT */
/* Every key of the configuration, a line each: name, type, range, default, and when a change takes
 * effect; tabs between. What the manual is compared with. */
#include <pausemon/config.h>

#include <stdio.h>

static int to_stdout(void *user, const char *bytes, size_t length)
{
    (void)user;
    return fwrite(bytes, 1, length, stdout) == length ? 0 : PAUSEMON_ERR_IO;
}

int main(void)
{
    const struct pausemon_config_key *key;
    struct pausemon_config *config;

    if (pausemon_config_new(&config, NULL, NULL) < 0)
        return 1;
    for (size_t i = 0; (key = pausemon_config_get_key(i)); i++) {
        printf("%s\t%s\t%s\t", key->name, key->type, key->range);
        if (pausemon_config_get(config, key->name, to_stdout, NULL) < 0)
            return 1;
        printf("\t%s\n", key->reload ? "reload" : "restart");
    }
    pausemon_config_free(config);
    return 0;
}
