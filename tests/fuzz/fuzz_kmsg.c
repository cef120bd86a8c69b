/* SPDX-License-Identifier: MIT */
/* Records of /dev/kmsg: what becomes of one is a clean line of a bounded length. */
#include "fuzz.h"

#include "forensics/kmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = fuzz_copy(data, size);
    uint64_t seed = fuzz_seed(data, size);
    char line[PM_KMSG_LINE];

    for (size_t start = 0; start < size;) {
        const char *end = memchr(bytes + start, '\n', size - start);
        size_t length = end ? (size_t)(end - bytes) - start : size - start;
        char *record = fuzz_copy(bytes + start, length);
        memset(line, 'x', sizeof line);
        if (pm_kmsg_line(line, record, length, fuzz_draw(&seed, 10000000))) {
            const char *nul = memchr(line, '\0', sizeof line);
            FUZZ_CHECK(nul && line[0] == '[' && memchr(line, ']', (size_t)(nul - line)));
            FUZZ_CHECK(fuzz_is_clean(line, (size_t)(nul - line)));
            /* Newer than everything: then it is none. */
            FUZZ_CHECK(!pm_kmsg_line(line, record, length, UINT64_MAX) ||
                       strncmp(line, "[18446744073709.551615]", 23) == 0);
        }
        free(record);
        start += length + 1;
    }
    free(bytes);
    return 0;
}
