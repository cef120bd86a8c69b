/* SPDX-License-Identifier: MIT */
/* Built instead of json_decode.c and json_decode_pause.c where there is no jansson. */
#include <pausemon/json.h>

#include "base/error.h"

int pausemon_json_decode_sample(struct pausemon_sample *sample, const char *text, size_t length,
                                struct pausemon_error *error)
{
    (void)sample;
    (void)text;
    (void)length;
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED, "JSON cannot be read: built without json");
}

int pausemon_json_decode_pause(struct pausemon_pause *pause, const char *text, size_t length,
                               struct pausemon_error *error)
{
    (void)pause;
    (void)text;
    (void)length;
    return pm_fail(error, PAUSEMON_ERR_UNSUPPORTED, "JSON cannot be read: built without json");
}
