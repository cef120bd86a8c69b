/* SPDX-License-Identifier: MIT */
/* libFuzzer's main for every compiler: runs each file of the directories (or each file) named once
 * through the target. What is found once stays found. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct fuzz_text text = {NULL, 0, 0};
    char bytes[4096];
    size_t got;

    while (file && (got = fread(bytes, 1, sizeof bytes, file)) > 0)
        fuzz_write(&text, bytes, got);
    if (!file || ferror(file)) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    fclose(file);
    /* Before it is run: whoever sees it crash must know with what. */
    printf("%s: %zu bytes\n", path, text.length);
    fflush(stdout);
    char *copy = fuzz_copy(text.bytes, text.length);
    LLVMFuzzerTestOneInput((const uint8_t *)copy, text.length);
    free(copy);
    free(text.bytes);
    return 1;
}

/* How many were run; negative: one could not be read. */
static int run_directory(const char *path)
{
    struct dirent **entries;
    int found = scandir(path, &entries, NULL, alphasort), runs = 0;
    char name[4096];

    if (found < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    for (int i = 0; i < found; i++) {
        if (entries[i]->d_name[0] != '.' && runs >= 0) {
            snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
            runs = run_file(name) < 0 ? -1 : runs + 1;
        }
        free(entries[i]);
    }
    free(entries);
    return runs;
}

int main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        struct stat info;
        bool directory = stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode);
        int runs = directory ? run_directory(argv[i]) : run_file(argv[i]);
        if (runs <= 0) {
            fprintf(stderr, "%s: %s\n", argv[i], runs < 0 ? "cannot be run" : "no file in it");
            return 1;
        }
        total += runs;
    }
    printf("%d inputs\n", total);
    return total > 0 ? 0 : 1;
}
