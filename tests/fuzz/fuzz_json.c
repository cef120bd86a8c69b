/* SPDX-License-Identifier: MIT */
/* A sample in JSON: what is read can be written, reads back, and is then the same; what is refused
 * leaves the sample as it was. */
#include "fuzz_sample.h"

static const char before_text[] =
    "{\"timestamp\":\"2026-01-23T12:00:00.123456-08:00\",\"elapsed_ms\":1003,\"process_count\":412,"
    "\"max_score\":37,\"rogues\":[{\"pid\":1,\"command\":\"x\",\"cpu\":12.5,\"state\":\"running\","
    "\"mem\":1,\"cmprs\":0,\"pageins\":0,\"csw\":10,\"sysbsd\":5,\"threads\":2,\"score\":7,"
    "\"categories\":[\"cpu\"],\"ppid\":0,\"start_time\":1,\"unknown\":[],\"suspect\":false}],"
    "\"stress\":37,\"unreadable\":0,\"rogues_omitted\":0,\"cost_us\":900,\"monotonic_ns\":1,"
    "\"complete\":true}";

static void check_decoded(const struct pausemon_sample *sample)
{
    const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
    const struct pausemon_process *process;
    uint64_t rated = 0;
    size_t count = 0;

    for (; (process = pausemon_sample_get_rogue(sample, count)); count++) {
        fuzz_check_process(process);
        rated += (process->have & FUZZ_RATES) != 0;
    }
    FUZZ_CHECK(info->rogue_count == count && count <= PAUSEMON_MAX_ROGUES);
    FUZZ_CHECK(info->rated_count == rated);
    FUZZ_CHECK(info->max_score <= 100 && info->stress <= 100 && info->complete <= 1);
    FUZZ_CHECK(info->births == 0 && info->deaths == 0 && info->time.boottime_ns == 0);
    FUZZ_CHECK(info->elapsed_ns <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pausemon_sample *sample;
    struct pausemon_error error;
    char *copy = fuzz_copy(data, size);

    FUZZ_CHECK(pausemon_sample_new(&sample, NULL, NULL) == 0);
    FUZZ_CHECK(pausemon_json_decode_sample(sample, before_text, sizeof before_text - 1, NULL) == 0);
    memset(&error, 0x5A, sizeof error);
    int status = pausemon_json_decode_sample(sample, copy, size, &error);
    fuzz_check_error(&error, status);
    FUZZ_CHECK(status == 0 || status == PAUSEMON_ERR_FORMAT);
    if (status == 0) {
        check_decoded(sample);
        fuzz_check_json(sample);
    } else {
        struct fuzz_text text = fuzz_encode(sample);
        FUZZ_CHECK(strcmp(text.bytes, before_text) == 0);
        free(text.bytes);
    }
    pausemon_sample_free(sample);
    free(copy);
    return 0;
}
