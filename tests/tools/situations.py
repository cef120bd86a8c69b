#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Every command in every bad situation: a line that helps, the exit code that is documented.
TAP on stdout.

    situations.py PAUSEMON
"""
import os

import helplib
from taplib import PAUSEMON, expect, harmless, main, run, test, to_nobody, user_place

ANY = None

# A command as it is run, and its exit codes: with an empty data directory, with a corrupt database,
# with a configuration that cannot be read, into a closed pipe (of an empty directory). ANY: not the
# affair of this command in this situation.
TABLE = {
    ("why",): (4, 1, 4, 4),
    ("pauses",): (4, 1, 4, 4),
    ("events",): (4, 1, 4, 4),
    ("events", "show", "1"): (4, 1, 4, 4),
    ("events", "mark", "1", "--pinned"): (4, 1, 4, 4),
    ("history",): (4, 1, 4, 4),
    ("history", "--at", "12:00"): (4, 1, 4, 4),
    ("calibrate",): (4, 1, 1, 4),
    ("prune", "--dry-run"): (4, 1, 1, 4),
    ("status",): (3, 3, 3, 3),
    ("watch",): (3, 3, 3, 3),
    ("monitor", "--once"): (3, 3, 3, 3),
    ("tui", "--once"): (3, 3, 3, 3),
    ("monitor", "--once", "--local"): (0, 0, 1, 1),
    ("doctor",): (ANY, 1, 1, 1),
    ("capture",): (0, ANY, 1, ANY),
    ("sample", "-n", "1", "-i", "0.1"): (0, 0, 1, 1),
    ("record", "-", "-n", "1"): (0, 0, 1, 1),
    ("config", "show"): (0, 0, 1, 1),
    ("config", "check"): (0, 0, 1, ANY),
    ("config", "path"): (0, 0, 0, 1),
    ("install", "--dry-run", "--force"): (0, 0, 0, 1),
    ("uninstall", "--dry-run"): (0, 0, 0, ANY),
    ("completion", "bash"): (0, 0, 0, 1),
    ("daemon", "--source", "nonsense"): (1, 1, 1, 1),
}

# What begins and stays, or is only another name.
LEFT_OUT = {"daemon"}


def look(result, words, code):
    """One that fails says why, in a line that begins with its name or the file's; and is harmless.
    doctor's findings are what it prints; into a pipe that nobody reads it need not be said."""
    expect(result, code)
    said = result.stderr + (result.stdout or "" if words[0] == "doctor" else "")
    assert harmless(said) and "(null)" not in said, (words, said)
    if code != 0 and result.stdout is not None:
        assert words[0] == "doctor" or said.startswith(("pausemon", "/")), (words, said)
        assert len(said.strip()) > 20, (words, said)


def each(index, run_it):
    """Runs every row whose code is known there, and tells all that are wrong."""
    wrong = []
    for words, codes in TABLE.items():
        if codes[index] is not ANY:
            try:
                look(run_it(words), words, codes[index])
            except AssertionError as error:
                wrong.append(str(error))
    assert not wrong, "\n".join(wrong)


@test
def the_table_has_every_command(_):
    named = {words[0] for words in TABLE} | LEFT_OUT
    there = set(helplib.commands(PAUSEMON))
    assert named == there, named ^ there


@test
def an_empty_data_directory(home):
    user_place(home)
    each(0, lambda words: run(home, *words))


@test
def a_corrupt_database(home):
    path = os.path.join(user_place(home), "data.db")

    def run_it(words):
        with open(path, "wb") as file:
            file.write(b"this was a database once" * 400)
        return run(home, *words)

    each(1, run_it)


@test
def a_configuration_that_cannot_be_read(home):
    user_place(home)
    path = os.path.join(home, "broken.toml")
    with open(path, "wb") as file:
        file.write(b"[tiers]\nhold_ms = \xff\xfe\n")

    def run_it(words):
        takes = "config" in helplib.Help(helplib.ask(PAUSEMON, words[0])).options
        return run(home, *words, *(["--config", path] if takes else []))

    each(2, run_it)


@test
def nobody_reads_what_is_printed(home):
    user_place(home)
    each(3, lambda words: to_nobody(home, *words))


@test
def no_home_at_all(_):
    wrong = []
    for words in TABLE:
        if words[0] in ("sample", "record", "completion", "config", "monitor", "daemon", "doctor"):
            continue
        result = run("", *words)
        if not result.stderr.startswith("pausemon") or result.returncode not in (1, 3, 4):
            wrong.append(f"{words}: {result.returncode}: {result.stderr!r} {result.stdout!r}")
    assert not wrong, "\n".join(wrong)


main()
