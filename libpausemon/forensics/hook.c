/* SPDX-License-Identifier: MIT */
#include "forensics/hook.h"

#include <pausemon/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "formats/json_writer.h"
#include "forensics/forensics.h"

#define LIMIT_NS (INT64_C(10) * PM_NS_PER_S)
#define INPUT_LIMIT ((size_t)128 << 10)
#define TICK_MS 250

void pm_hooks_init(struct pausemon_forensics *forensics)
{
    pm_buffer_init(&forensics->hooks.input, &forensics->host, INPUT_LIMIT);
    forensics->hooks.limit_ns = LIMIT_NS;
}

void pm_hooks_free(struct pausemon_forensics *forensics)
{
    pm_errand_end(&forensics->hooks.errand, "the program ends");
    pm_buffer_free(&forensics->hooks.input);
}

/* ---- what waits ---- */

static struct pm_hook *slot_at(struct pm_hooks *hooks, size_t index)
{
    return &hooks->waiting[(hooks->first + index) % PM_HOOKS_MAX];
}

/* Where a pause that is told again waits; NULL: it was run for already, or found no room. */
static struct pm_hook *find(struct pm_hooks *hooks, int64_t id)
{
    for (size_t i = 0; i < hooks->count; i++)
        if (slot_at(hooks, i)->pause.info.id == id)
            return slot_at(hooks, i);
    return NULL;
}

static struct pm_hook *take_slot(struct pausemon_forensics *forensics, int64_t id)
{
    struct pm_hooks *hooks = &forensics->hooks;

    if (id <= hooks->last_id)
        return find(hooks, id);
    hooks->last_id = id;
    if (hooks->count == PM_HOOKS_MAX) {
        if (!hooks->is_full)
            pm_log(&forensics->host, PAUSEMON_LOG_WARNING,
                   "forensics.hook: too many pauses wait for it: some are left out");
        hooks->is_full = true;
        return NULL;
    }
    struct pm_hook *hook = slot_at(hooks, hooks->count++);
    hook->capture[0] = '\0';
    return hook;
}

void pm_hooks_offer(struct pausemon_forensics *forensics, const struct pausemon_pause *pause,
                    const char *capture)
{
    if (!forensics->config->hook[0])
        return;
    struct pm_hook *hook = take_slot(forensics, pause->info.id);
    if (!hook)
        return;
    pm_pause_init(&hook->pause, &forensics->host);
    pausemon_pause_copy(&hook->pause, pause);
    if (capture)
        snprintf(hook->capture, sizeof hook->capture, "%s", capture);
}

/* ---- running it ---- */

/* {"pause":{…},"forensics":"/path/to/capture"|null} and a newline, for those that read lines. */
static int write_input(struct pausemon_forensics *forensics, struct pm_hook *hook)
{
    struct pm_buffer *input = &forensics->hooks.input;
    struct pausemon_pause_info *info = &hook->pause.info;
    struct pm_json json;

    pm_buffer_consume(input, input->length);
    snprintf(info->forensics, sizeof info->forensics, "%s", hook->capture);
    int status = pm_buffer_write(input, "{\"pause\":", strlen("{\"pause\":"));
    if (status == 0)
        status = pausemon_json_encode_pause(&hook->pause, pm_buffer_write, input);
    if (status < 0)
        return status;
    pm_json_init(&json, pm_buffer_write, input);
    pm_json_raw(&json, ",\"forensics\":");
    if (hook->capture[0]) {
        char path[PATH_MAX + PAUSEMON_CAPTURE_NAME_SIZE];
        snprintf(path, sizeof path, "%s/%s", forensics->place, hook->capture);
        pm_json_foreign(&json, path, sizeof path);
    } else {
        pm_json_raw(&json, "null");
    }
    pm_json_raw(&json, "}\n");
    return pm_json_flush(&json);
}

/* Said once; a new configuration may say it again. */
static bool is_trusted(struct pausemon_forensics *forensics)
{
    struct pm_hooks *hooks = &forensics->hooks;
    struct pausemon_error why;
    int64_t uid = forensics->options.only_root ? 0 : (int64_t)geteuid();

    if (pm_errand_check(hooks->path, uid, &why) == 0)
        return true;
    if (!hooks->is_refused)
        pm_log(&forensics->host, PAUSEMON_LOG_ERROR, "forensics.hook is not run: %s", why.text);
    hooks->is_refused = true;
    return false;
}

static void start(struct pausemon_forensics *forensics)
{
    struct pm_hooks *hooks = &forensics->hooks;
    struct pm_hook *hook = slot_at(hooks, 0);

    snprintf(hooks->path, sizeof hooks->path, "%s", forensics->config->hook);
    if (hooks->path[0] && is_trusted(forensics)) {
        int status = write_input(forensics, hook);
        hooks->argv[0] = hooks->path;
        hooks->argv[1] = NULL;
        hooks->errand = (struct pm_errand){
            .argv = hooks->argv,
            .limit_ns = hooks->limit_ns,
            .out_fd = -1,
            .input = pm_buffer_content(&hooks->input),
            .input_length = hooks->input.length,
        };
        if (status == 0)
            status = pm_errand_start(&hooks->errand, &forensics->host);
        if (status < 0)
            pm_log(&forensics->host, PAUSEMON_LOG_WARNING, "forensics.hook: %s",
                   hooks->errand.why[0] ? hooks->errand.why : pausemon_status_text(status));
    }
    hooks->first = (hooks->first + 1) % PM_HOOKS_MAX;
    hooks->count--;
    hooks->is_full = false;
}

/* Whether it is over. */
static bool look(struct pausemon_forensics *forensics, int timeout_ms)
{
    struct pm_errand *errand = &forensics->hooks.errand;

    if (!errand->is_running)
        return true;
    if (pm_errand_wait(errand, 1, timeout_ms) > 0)
        return false;
    if (errand->why[0])
        pm_log(&forensics->host, PAUSEMON_LOG_WARNING, "forensics.hook: %s", errand->why);
    return true;
}

void pm_hooks_run(struct pausemon_forensics *forensics)
{
    struct pm_hooks *hooks = &forensics->hooks;
    /* Where each takes as long as it may, and pauses come as fast, the caller has its turn too. */
    int64_t until_ns = pm_system_monotonic_ns() + hooks->limit_ns;

    /* A capture is more urgent: then it goes on by itself, and is looked at with the next run. */
    while (!atomic_load(&forensics->cancelled) && (hooks->errand.is_running || hooks->count > 0)) {
        pm_forensics_hear(forensics);
        bool is_due = pm_forensics_is_due(forensics);
        if (!look(forensics, is_due ? 0 : TICK_MS) && is_due)
            return;
        bool is_late = pm_system_monotonic_ns() >= until_ns;
        if (!hooks->errand.is_running && (is_due || is_late || hooks->count == 0))
            return;
        if (!hooks->errand.is_running)
            start(forensics);
        pm_forensics_idle(forensics);
    }
}
