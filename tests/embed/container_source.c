/* SPDX-License-Identifier: MIT */
/* Judges containers, each a group of cgroup v2: container_source [CGROUP_DIRECTORY] */
#include <pausemon/pausemon.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

static int read_groups(void *root, struct pausemon_sink *sink, struct pausemon_error *error)
{
    DIR *directory = opendir(root);
    char path[4096];

    if (!directory)
        return pausemon_error_set(error, PAUSEMON_ERR_IO, errno, root);
    for (struct dirent *group; (group = readdir(directory));) {
        struct pausemon_row row = PAUSEMON_ROW_INIT;
        unsigned long long usec;
        FILE *stat;

        snprintf(path, sizeof path, "%s/%s/cpu.stat", (char *)root, group->d_name);
        if (group->d_name[0] == '.' || !(stat = fopen(path, "r")))
            continue;                    /* no group, or it has just ended */
        row.pid = (int64_t)group->d_ino; /* what tells it from others */
        row.have = PAUSEMON_HAVE_CPU;
        pausemon_command_copy(row.command, group->d_name);
        if (fscanf(stat, "usage_usec %llu", &usec) == 1) {
            row.cpu_ns = usec * 1000; /* a counter: the library makes rates of it */
            pausemon_sink_put(sink, &row);
        }
        fclose(stat);
    }
    closedir(directory);
    return PAUSEMON_LOOK_COMPLETE;
}

int main(int argc, char **argv)
{
    char *root = argc > 1 ? argv[1] : "/sys/fs/cgroup/system.slice";
    struct pausemon_source_ops ops = PAUSEMON_SOURCE_OPS_INIT;
    struct pausemon_source *source = NULL;
    struct pausemon_collector *collector = NULL;
    const struct pausemon_process *group;
    const struct pausemon_sample *sample = NULL;
    struct pausemon_error error;

    ops.read = read_groups;
    int failed = pausemon_source_new(&source, "containers", &ops, root, NULL, &error) < 0 ||
                 pausemon_collector_new(&collector, NULL, source, NULL, &error) < 0;
    for (int looks = 0; !failed && looks < 2; looks++) /* rates need two */
        failed = pausemon_collector_wait(&sample, collector, -1, &error) < 0;
    if (failed)
        fprintf(stderr, "container_source: %s\n", error.text);
    for (size_t i = 0; sample && (group = pausemon_collector_get_process(collector, i)); i++)
        if (group->have & PAUSEMON_HAVE_CPU) /* a new one has no rate yet */
            printf("%d %.1f %% %s\n", (int)group->score, (double)group->cpu / 10, group->command);
    pausemon_collector_free(collector);
    pausemon_source_free(source);
    return failed;
}
