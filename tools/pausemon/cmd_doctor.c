/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/out.h"
#include "common/utf8.h"
#include "pausemon/commands.h"
#include "pausemon/doctor.h"

/* In this order: what the daemon is told by comes first, and who the daemon is. */
static const struct doctor_check checks[] = {
    {"configuration", doctor_config},
    {"daemon", doctor_daemon},
    {"service", doctor_service},
    {"socket", doctor_socket},
    {"database", doctor_database},
    {"black box", doctor_blackbox},
    {"source", doctor_source},
    {"other users", doctor_others},
    {"rights", doctor_rights},
    {"pressure", doctor_pressure},
    {"memory lock", doctor_memory},
    {"scheduling", doctor_scheduling},
    {"clock", doctor_clock},
    {"machine", doctor_machine},
    {"hook", doctor_hook},
    {"notifications", doctor_notifications},
    {"artifact", doctor_artifacts},
};

static const char *const states[] = {"ok", "limited", "broken"};
static const int codes[] = {EXIT_OK, EXIT_LIMITED, EXIT_ERROR};

void doctor_find(struct doctor *doctor, enum doctor_state state, const char *advice,
                 const char *format, ...)
{
    char text[2 * DOCTOR_TEXT];
    va_list arguments;

    if (doctor->count == DOCTOR_MAX)
        return;
    struct doctor_finding *finding = &doctor->findings[doctor->count++];
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    finding->state = state;
    utf8_clean(finding->name, sizeof finding->name, doctor->name);
    utf8_clean(finding->text, sizeof finding->text, text);
    utf8_clean(finding->advice, sizeof finding->advice, advice ? advice : "");
}

const char *doctor_subject(const struct doctor *doctor)
{
    return doctor->pid > 0 ? "the daemon" : "a daemon that you start";
}

/* ---- printed ---- */

static enum doctor_state worst_of(const struct doctor *doctor)
{
    enum doctor_state worst = DOCTOR_OK;

    for (size_t i = 0; i < doctor->count; i++)
        if (doctor->findings[i].state > worst)
            worst = doctor->findings[i].state;
    return worst;
}

static void print_text(const struct doctor *doctor)
{
    int width = 0;

    for (size_t i = 0; i < doctor->count; i++)
        if (utf8_width(doctor->findings[i].name) > width)
            width = utf8_width(doctor->findings[i].name);
    for (size_t i = 0; i < doctor->count; i++) {
        const struct doctor_finding *finding = &doctor->findings[i];
        printf("%-7s  %s%*s  %s\n", states[finding->state], finding->name,
               width - utf8_width(finding->name), "", finding->text);
        if (finding->advice[0])
            printf("%9s%*s  -> %s\n", "", width, "", finding->advice);
    }
}

static void print_json(const struct doctor *doctor)
{
    fputs("{\"checks\":[", stdout);
    for (size_t i = 0; i < doctor->count; i++) {
        const struct doctor_finding *finding = &doctor->findings[i];
        fputs(i ? ",{\"name\":" : "{\"name\":", stdout);
        out_json_text(finding->name);
        printf(",\"state\":\"%s\",\"text\":", states[finding->state]);
        out_json_text(finding->text);
        fputs(",\"advice\":", stdout);
        if (finding->advice[0])
            out_json_text(finding->advice);
        else
            fputs("null", stdout);
        putchar('}');
    }
    printf("],\"worst\":\"%s\"}\n", states[worst_of(doctor)]);
}

static int run_doctor(const struct args *args)
{
    struct doctor doctor = {.args = args};

    if (args->operand_count)
        return args_fail(args->program, EXIT_USAGE, "unexpected \"%s\"", args->operands[0]);
    out_host(&doctor.host, args->program);
    doctor.host.log = NULL; /* what matters becomes a finding */
    if (doctor_find_place(&doctor) < 0)
        return EXIT_ERROR;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        doctor.name = checks[i].name;
        checks[i].look(&doctor);
    }
    pausemon_config_free(doctor.config);
    if (args_get(args, "json"))
        print_json(&doctor);
    else
        print_text(&doctor);
    return codes[worst_of(&doctor)];
}

static const struct arg_option options[] = {
    {"data-dir", 0, "DIR", "the daemon's data directory instead of the one in force"},
    {"config", 0, "FILE", "configuration instead of the one in force"},
    {"json", 0, NULL, "one JSON document"},
    {NULL, 0, NULL, NULL},
};

const struct command command_doctor = {
    .name = "doctor",
    .help = "what works here, what does not, and how to get the rest",
    .more =
        "A line a check: ok, limited (it works, but less than could be had) or broken, and below\n"
        "it what to do. Nothing is changed. Where a daemon runs, its rights are looked at;\n"
        "otherwise yours.\n"
        "Exit code by the worst: 0 ok, 5 limited, 1 broken.\n",
    .options = options,
    .run = run_doctor,
};
