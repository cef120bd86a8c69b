/* SPDX-License-Identifier: MIT */
#include "common/programs.h"

const struct arg_option program_daemon_options[] = {
    {"config", 0, "FILE", "configuration instead of the one in force"},
    {"data-dir", 0, "DIR", "database, socket and lock there"},
    {"source", 0, "SPEC", "auto, procfs[:ROOT], top, top:FILE, replay:FILE"},
    {"system", 0, NULL, "the system's places instead of the user's"},
    {"version", 0, NULL, "say which build this is"},
    {"help", 'h', NULL, "this text"},
    {NULL, 0, NULL, NULL},
};

const struct arg_option program_monitor_options[] = {
    {"local", 0, NULL, "look without a daemon; nothing is recorded"},
    {"once", 0, NULL, "plain lines instead of a screen; so without a terminal"},
    {"data-dir", 0, "DIR", "the daemon's data directory instead of the one in force"},
    {"config", 0, "FILE", "with --local: the configuration instead of the one in force"},
    {"source", 0, "SPEC", "with --local: where processes come from, as in `pausemon sample`"},
    {"interval", 'i', "SEC", "with --local: between looks, from 0.1"},
    {"help", 'h', NULL, "this text"},
    {"version", 0, NULL, "which build this is"},
    {NULL, 0, NULL, NULL},
};
