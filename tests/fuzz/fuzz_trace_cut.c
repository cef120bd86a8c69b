/* SPDX-License-Identifier: MIT */
/* The text of a trace in pieces: the same whatever the pieces are, clean, whole lines, within its
 * limit. */
#include "fuzz.h"

#include "forensics/trace_cut.h"

/* In pieces of at most `most_piece` bytes. */
static struct pm_trace_cut run(struct fuzz_text *text, const char *bytes, size_t size,
                               uint64_t most_piece, uint64_t skip, uint64_t most)
{
    struct pm_trace_cut cut = {.write = fuzz_write, .user = text, .skip = skip, .most = most};
    uint64_t seed = most_piece;

    for (size_t at = 0, some; at < size; at += some) {
        some = 1 + (size_t)fuzz_draw(&seed, most_piece);
        some = some < size - at ? some : size - at;
        FUZZ_CHECK(pm_trace_cut_feed(&cut, bytes + at, some) == 0);
    }
    return cut;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_text one = {NULL, 0, 0}, other = {NULL, 0, 0};
    uint64_t seed = fuzz_seed(data, size);
    uint64_t skip = fuzz_draw(&seed, size + 2), most = fuzz_draw(&seed, 2 * size + 2);
    char *bytes = fuzz_copy(data, size);

    struct pm_trace_cut cut = run(&one, bytes, size, 1, skip, most);
    run(&other, bytes, size, 1 + size, skip, most);
    FUZZ_CHECK(one.length == other.length);
    FUZZ_CHECK(one.length == 0 || memcmp(one.bytes, other.bytes, one.length) == 0);
    FUZZ_CHECK(cut.written == one.length && one.length <= most && cut.total == size);
    FUZZ_CHECK(cut.heading <= cut.total);
    FUZZ_CHECK(one.length == 0 || one.bytes[one.length - 1] == '\n');
    for (size_t i = 0; i < one.length; i++)
        FUZZ_CHECK(one.bytes[i] == '\n' || one.bytes[i] == '\t' ||
                   (one.bytes[i] >= 0x20 && one.bytes[i] < 0x7F));
    free(one.bytes);
    free(other.bytes);
    free(bytes);
    return 0;
}
