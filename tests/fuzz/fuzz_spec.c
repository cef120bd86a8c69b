/* SPDX-License-Identifier: MIT */
/* Specifications of sources: "spec NUL content". Whatever the bytes say, only a directory of our
 * own is opened: an argument becomes one name in it. There a name that begins with "f" is a file
 * with the content, "p" a small proc file system whose files are the content cut at its NULs, "e"
 * an empty directory; nothing there can block. Live top is never started, the system's /proc opened
 * but not read. */
#include "fuzz_sample.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const proc_files[] = {
    "swaps", "7/stat", "7/statm", "7/io", "7/schedstat", "7/task/7/schedstat", "7/status"};
static const char *const directories[] = {"e", "p", "p/7", "p/7/task", "p/7/task/7"};

#define PROC_COUNT (sizeof proc_files / sizeof proc_files[0])
#define DIRECTORY_COUNT (sizeof directories / sizeof directories[0])

static char room[256]; /* the directory */
static pid_t owner;

static const char *in_room(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/%s", room, name);
    return path;
}

static void remove_room(void)
{
    char name[64];

    if (getpid() != owner)
        return;
    for (size_t i = 0; i < PROC_COUNT; i++) {
        snprintf(name, sizeof name, "p/%s", proc_files[i]);
        unlink(in_room(name));
    }
    for (size_t i = DIRECTORY_COUNT; i-- > 0;)
        rmdir(in_room(directories[i]));
    rmdir(room);
}

static void make_room(void)
{
    const char *base = getenv("TMPDIR");

    if (room[0])
        return;
    unsetenv("PAUSEMON_TOP"); /* with it "top" is a program to start */
    snprintf(room, sizeof room, "%.200s/fuzz_spec.XXXXXX", base && base[0] ? base : "/tmp");
    FUZZ_CHECK(mkdtemp(room));
    owner = getpid();
    atexit(remove_room);
    for (size_t i = 0; i < DIRECTORY_COUNT; i++)
        FUZZ_CHECK(mkdir(in_room(directories[i]), 0700) == 0);
}

static void put_file(const char *name, const uint8_t *bytes, size_t size)
{
    int fd = open(in_room(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_CHECK(fd >= 0);
    FUZZ_CHECK(size == 0 || write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}

static void put_proc(const uint8_t *bytes, size_t size)
{
    char name[64];

    for (size_t i = 0; i < PROC_COUNT; i++) {
        const uint8_t *nul = size ? memchr(bytes, 0, size) : NULL;
        size_t length = nul ? (size_t)(nul - bytes) : size;

        snprintf(name, sizeof name, "p/%s", proc_files[i]);
        put_file(name, bytes, length);
        bytes += length + (nul != NULL);
        size -= length + (nul != NULL);
    }
}

/* The spec with its argument moved into our directory. */
static char *confine(const char *spec)
{
    size_t kind = strcspn(spec, ":"), size = strlen(spec) + sizeof room + 2;
    char *safe = malloc(size);

    FUZZ_CHECK(safe);
    if (spec[kind] == '\0' || spec[kind + 1] == '\0') {
        strcpy(safe, spec);
        return safe;
    }
    snprintf(safe, size, "%.*s:%s/%s", (int)kind, spec, room, spec + kind + 1);
    char *name = safe + kind + 1 + strlen(room) + 1;
    for (char *at = name; *at; at++)
        if (*at == '/')
            *at = '_';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        name[0] = '_';
    return safe;
}

/* A file to its end, our proc twice. */
static void use(struct pausemon_source *source, const char *spec, size_t lines)
{
    struct pausemon_host host = fuzz_host();
    const struct pausemon_sample *sample;
    struct pausemon_collector *collector;

    FUZZ_CHECK(pausemon_source_get_name(source)[0]);
    if (!strchr(spec, ':'))
        return;
    if (strncmp(spec, "procfs:", 7) != 0) {
        fuzz_collect_all(source, lines + 4);
        return;
    }
    FUZZ_CHECK(pausemon_collector_new(&collector, NULL, source, &host, NULL) == 0);
    for (int i = 0; i < 2; i++) {
        int status = pausemon_collector_collect(&sample, collector, NULL);
        FUZZ_CHECK(status == 0 || status == PAUSEMON_ERR_NOT_FOUND);
        if (status == 0) {
            fuzz_check_collected(sample, collector);
            fuzz_check_json(sample);
        }
    }
    pausemon_collector_free(collector);
}

/* The lowest free descriptor: the same before and after, or one was left open. */
static int lowest_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    close(fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t length = nul ? (size_t)(nul - data) : size, lines = 0;
    const uint8_t *content = data + length + (nul != NULL);
    size_t content_size = size - length - (nul != NULL);
    struct pausemon_host host = fuzz_host();
    struct pausemon_source *source;
    struct pausemon_error error;

    make_room();
    for (size_t i = 0; i < content_size; i++)
        lines += content[i] == '\n';
    char *given = fuzz_string(data, length), *spec = confine(given);
    const char *name = strrchr(spec, '/');
    bool file = name && name[1] == 'f' && strlen(name) < 100;
    if (file)
        put_file(name + 1, content, content_size);
    if (name && strcmp(name, "/p") == 0)
        put_proc(content, content_size);
    int fd = lowest_fd();
    memset(&error, 0x5A, sizeof error);
    int status = pausemon_source_open(&source, spec, &host, &error);
    fuzz_check_error(&error, status);
    FUZZ_CHECK((status == 0) == (source != NULL));
    if (source)
        use(source, spec, lines);
    pausemon_source_free(source);
    FUZZ_CHECK(lowest_fd() == fd);
    if (file)
        unlink(in_room(name + 1));
    free(spec);
    free(given);
    return 0;
}
