/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "pausemon/service.h"

#define LAUNCHCTL "/bin/launchctl"
#define LABEL "io.github.pausemon"

static const char head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
    "<!-- " SERVICE_MARK ". -->\n"
    "<plist version=\"1.0\">\n"
    "<dict>\n"
    "    <key>Label</key>\n"
    "    <string>" LABEL "</string>\n"
    "    <key>RunAtLoad</key>\n"
    "    <true/>\n"
    "    <key>KeepAlive</key>\n"
    "    <true/>\n"
    "    <!-- Anything less is slowed down: processor, disk and timers. -->\n"
    "    <key>ProcessType</key>\n"
    "    <string>Interactive</string>\n"
    "    <key>ExitTimeOut</key>\n"
    "    <integer>30</integer>\n"
    "    <key>Umask</key>\n"
    "    <integer>63</integer>\n";

static void add_escaped(struct service_text *text, const char *word)
{
    for (; *word; word++) {
        const char *entity = *word == '&'   ? "&amp;"
                             : *word == '<' ? "&lt;"
                             : *word == '>' ? "&gt;"
                                            : NULL;
        if (entity)
            service_add(text, "%s", entity);
        else
            service_add(text, "%c", *word);
    }
}

static void add_string(struct service_text *text, const char *indent, const char *before,
                       const char *word)
{
    service_add(text, "%s<string>", indent);
    add_escaped(text, before);
    add_escaped(text, word);
    service_add(text, "</string>\n");
}

static void add_variable(struct service_text *text, const char *name, const char *value)
{
    if (!value)
        return;
    service_add(text, "        <key>%s</key>\n", name);
    add_string(text, "        ", "", value);
}

static void write_plist(struct service_text *text, const struct service *service)
{
    service_add(text, "%s    <key>ProgramArguments</key>\n    <array>\n", head);
    add_string(text, "        ", "", service->program);
    if (service->is_system)
        add_string(text, "        ", "", "--system");
    service_add(text, "    </array>\n    <key>StandardErrorPath</key>\n");
    add_string(text, "    ", service->is_system ? "" : service->home,
               "/Library/Logs/pausemond.log");
    if (!service->is_system && (service->config_home || service->data_home)) {
        service_add(text, "    <key>EnvironmentVariables</key>\n    <dict>\n");
        add_variable(text, "XDG_CONFIG_HOME", service->config_home);
        add_variable(text, "XDG_DATA_HOME", service->data_home);
        service_add(text, "    </dict>\n");
    }
    service_add(text, "</dict>\n</plist>\n");
}

/* ---- launchctl ---- */

static void name(struct service_steps *steps, const struct service *service)
{
    steps->count = 0;
    if (service->is_system)
        snprintf(steps->domain, sizeof steps->domain, "system");
    else
        snprintf(steps->domain, sizeof steps->domain, "gui/%" PRIu64, service->uid);
    snprintf(steps->target, sizeof steps->target, "%s/" LABEL, steps->domain);
    service_path(service, steps->file);
}

static void start(struct service_steps *steps, const struct service *service, int is_new)
{
    name(steps, service);
    if (!is_new)
        service_step(steps, 1, LAUNCHCTL, "bootout", steps->target, (char *)NULL);
    service_step(steps, 0, LAUNCHCTL, "bootstrap", steps->domain, steps->file, (char *)NULL);
}

static void stop(struct service_steps *steps, const struct service *service)
{
    name(steps, service);
    service_step(steps, 0, LAUNCHCTL, "bootout", steps->target, (char *)NULL);
}

static void forget(struct service_steps *steps, const struct service *service)
{
    name(steps, service);
}

const struct service_manager service_launchd = {
    .name = "launchd",
    .file = LABEL ".plist",
    .system_directory = "Library/LaunchDaemons",
    .user_directory = "Library/LaunchAgents",
    .write = write_plist,
    .start = start,
    .stop = stop,
    .forget = forget,
    .unwritable = "",
};
