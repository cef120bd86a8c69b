/* SPDX-License-Identifier: MIT */
/* Plays a recording under a configuration: the samples before each escalation as JSON on stdout,
 * the worst process of all on stderr. */
#include <pausemon/pausemon.h>

#include <inttypes.h>
#include <stdio.h>

static void report(void *user, int level, const struct pausemon_error *error)
{
    (void)user;
    fprintf(stderr, "%s in line %" PRId64 ": %s\n",
            level == PAUSEMON_LOG_ERROR ? "error" : "warning", error->line, error->text);
}

static int to_file(void *file, const char *bytes, size_t length)
{
    return fwrite(bytes, 1, length, (FILE *)file) == length ? 0 : PAUSEMON_ERR_IO;
}

static void dump(const struct pausemon_ring *ring)
{
    const struct pausemon_sample *sample;
    uint64_t tier;

    for (size_t i = 0; (sample = pausemon_ring_get(ring, i, &tier)); i++) {
        fprintf(stderr, "%s:\n", pausemon_tier_name(tier));
        pausemon_json_encode_sample(sample, to_file, stdout);
        putchar('\n');
    }
}

static void print_process(const struct pausemon_process *process)
{
    fprintf(stderr, "highest score %" PRIu64 ": %s %" PRId64 "\n", process->score, process->command,
            process->pid);
    for (uint64_t bit = 1; bit <= PAUSEMON_HAVE_STATE; bit <<= 1) {
        uint64_t value;
        int status = pausemon_process_get_metric(process, bit, &value);
        if (status == 0)
            fprintf(stderr, "  %s: %" PRIu64 "\n", pausemon_metric_name(bit), value);
        else if (status == PAUSEMON_ERR_NOT_FOUND)
            fprintf(stderr, "  %s: -\n", pausemon_metric_name(bit));
    }
}

struct parts {
    struct pausemon_config *config;
    struct pausemon_source *source;
    struct pausemon_collector *collector;
    struct pausemon_tiers *tiers;
    struct pausemon_ring *ring, *frozen;
};

static int play(struct parts *parts, struct pausemon_error *error)
{
    struct pausemon_process worst = PAUSEMON_PROCESS_INIT;
    const struct pausemon_sample *sample;
    uint64_t actions;
    int status;

    while ((status = pausemon_collector_collect(&sample, parts->collector, error)) == 0) {
        const struct pausemon_sample_info *info = pausemon_sample_get_info(sample);
        const struct pausemon_process *first = pausemon_sample_get_rogue(sample, 0);
        if (first && first->score >= worst.score)
            pausemon_process_copy(&worst, first);
        uint64_t tier =
            pausemon_tiers_update(parts->tiers, info->stress, info->time.monotonic_ns, &actions);
        pausemon_ring_push(parts->ring, sample, tier);
        if (actions & (PAUSEMON_TIER2_ENTRY | PAUSEMON_TIER3_ENTRY)) {
            pausemon_ring_freeze(parts->frozen, parts->ring);
            dump(parts->frozen);
        }
    }
    print_process(&worst);
    return status;
}

int main(int argc, char **argv)
{
    struct parts parts = {0};
    struct pausemon_error error = {0};
    int status;

    if (argc != 3)
        return fprintf(stderr, "usage: %s CONFIG SOURCE\n", argv[0]), 2;
    if ((status = pausemon_config_new(&parts.config, NULL, NULL)) == 0 &&
        (status = pausemon_config_load(parts.config, argv[1], report, NULL, &error)) == 0 &&
        (status = pausemon_source_open(&parts.source, argv[2], NULL, &error)) == 0 &&
        (status = pausemon_collector_new(&parts.collector, parts.config, parts.source, NULL,
                                         NULL)) == 0 &&
        (status = pausemon_tiers_new(&parts.tiers, parts.config, NULL, NULL)) == 0 &&
        (status = pausemon_ring_new(&parts.ring, 30, NULL, NULL)) == 0 &&
        (status = pausemon_ring_new(&parts.frozen, 30, NULL, NULL)) == 0)
        status = play(&parts, &error);
    if (status != PAUSEMON_ERR_END)
        fprintf(stderr, "%s\n", error.text[0] ? error.text : pausemon_status_text(status));
    pausemon_ring_free(parts.frozen);
    pausemon_ring_free(parts.ring);
    pausemon_tiers_free(parts.tiers);
    pausemon_collector_free(parts.collector);
    pausemon_source_free(parts.source);
    pausemon_config_free(parts.config);
    return status == PAUSEMON_ERR_END ? 0 : 1;
}
