# SPDX-License-Identifier: MIT
"""What the suites about evidence share: the directories of captures as anybody can look at them,
rights of whole trees, and what must not have changed."""
import hashlib
import json
import os
import re
import stat
import time

from daemonlib import rows, wait_until

NAME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?$")
# What a capture consists of on Linux, beside its metadata.
ARTIFACTS = ["ring_buffer.json", "processes.json", "pressure.json", "stuck.txt", "system.log"]
SHORT = "[forensics]\nsteps_timeout = 5\nlogs_timeout = 5\n"
STEPS_SECONDS = 5  # of SHORT
SLACK_SECONDS = 10  # what a busy machine adds to any limit


def captures(data):
    """Names of the directories of evidence, the oldest first."""
    try:
        names = os.listdir(os.path.join(data, "events"))
    except FileNotFoundError:
        return []
    return sorted(name for name in names if NAME.match(name))


def walk_json(value):
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else (
            value if isinstance(value, list) else []):
        yield from walk_json(inner)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def artifacts_of(metadata):
    """name -> what the metadata says of it."""
    found = {a["name"]: a for a in walk_json(metadata)
             if {"name", "bytes", "ms", "error"} <= set(a)}
    assert found, f"no artifact with name, bytes, ms and error in {metadata}"
    return found


def settled(path):
    """Its metadata, if all that belongs to the capture is in it and nothing has changed since the
    look before; None while it goes on."""
    try:
        metadata = load(os.path.join(path, "metadata.json"))
    except (FileNotFoundError, ValueError):
        return None
    known = {a.get("name") for a in walk_json(metadata)}
    return metadata if set(ARTIFACTS) <= known and metadata.get("complete", True) else None


def finished(path, seconds=STEPS_SECONDS + SLACK_SECONDS):
    """Waits until the capture in that directory is complete: its metadata."""
    def same_twice():
        before, there = settled(path), sorted(os.listdir(path))
        if before is None:
            return None
        time.sleep(0.7)
        return before if settled(path) == before and sorted(os.listdir(path)) == there else None

    return wait_until(f"all of {path}: {os.listdir(path)}", same_twice, seconds)


def event_of(daemon, above=0):
    """The newest escalation in the file, which may have begun before anybody listened: its id,
    which is above that one."""
    try:
        return wait_until("an event in the file", lambda: daemon.rows(
            "SELECT max(id) FROM events WHERE id > ?", above)[0][0], 15)
    except AssertionError as error:
        seen = [(s["tier"], s["stress"]) for s in daemon.stream.of("sample")]
        raise AssertionError(f"{error}; tier and stress of {len(seen)} samples: {seen[-5:]}; the "
                             f"log: {daemon.log()[-1500:]}") from error


def next_capture(daemon, known=(), seconds=STEPS_SECONDS + SLACK_SECONDS):
    """Waits for a directory that is not one of the known; its path, complete, and its metadata."""
    def fresh():
        return [name for name in captures(daemon.data) if name not in known]

    try:
        name = wait_until("a directory in events/", fresh, seconds)[0]
    except AssertionError as error:
        raise AssertionError(f"{error}; the log: {daemon.log()[-600:]}") from error
    path = os.path.join(daemon.data, "events", name)
    return path, finished(path)


def complete_and_valid(path, metadata):
    """Every artifact is there with the bytes that are said, or the metadata says why not."""
    told = artifacts_of(metadata)
    missing = [name for name in ARTIFACTS if name not in told]
    assert not missing, f"the metadata does not speak of {missing}: {metadata}"
    strays = set(os.listdir(path)) - set(told) - {"metadata.json"}
    assert not strays, f"files that the metadata does not know: {strays}"
    for name, artifact in told.items():
        full, error = os.path.join(path, name), artifact["error"]
        assert error is None or isinstance(error, str) and error, artifact
        assert isinstance(artifact["ms"], int) and artifact["ms"] >= 0, artifact
        if error is None:
            assert os.path.isfile(full), f"{name} is not there, and no error is said"
        size = os.path.getsize(full) if os.path.lexists(full) else 0
        assert size == artifact["bytes"], f"{name}: {size} bytes, told {artifact}"
        if error is None and name != "system.log":  # a quiet kernel says nothing
            assert size > 0, f"{name} is empty, and no error is said"
    for name in os.listdir(path):
        if name.endswith(".json"):
            load(os.path.join(path, name))
    print("# " + "; ".join(f"{n}: {a['error'] or str(a['bytes']) + ' bytes'}, {a['ms']} ms"
                           for n, a in told.items()))
    return told


def commands_in(document):
    return {entry["command"] for entry in walk_json(document) if "command" in entry}


def everything_in(root):
    """Path and state of the root and all that is in it; links are not followed."""
    yield root, os.lstat(root)
    for place, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(place, name)
            try:
                yield path, os.lstat(path)
            except FileNotFoundError:
                pass  # gone between two looks


def only_for_owner(root):
    """Directories 0700, everything else 0600; how many there were."""
    return rights_are(root, 0o700, lambda path: 0o600, None)


def rights_are(root, directory, mode_of, group):
    """Directories have that mode, others what mode_of(path) says, all belong to that group."""
    count = 0
    for path, state in everything_in(root):
        mode, want = stat.S_IMODE(state.st_mode), mode_of(path)
        if stat.S_ISDIR(state.st_mode):
            want = directory
        assert mode == want, f"{path}: mode {mode:04o}, not {want:04o}"
        assert group is None or state.st_gid == group, f"{path}: group {state.st_gid}"
        count += 1
    return count


def fingerprint(root):
    """All that is below: kind, mode, owner, and every byte."""
    seen = {}
    for path, state in everything_in(root):
        content = None
        if stat.S_ISREG(state.st_mode):
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
        elif stat.S_ISLNK(state.st_mode):
            content = os.readlink(path)
        seen[os.path.relpath(path, root)] = (state.st_mode, state.st_uid, state.st_gid, content)
    return seen


def ended_well(path):
    """What SQLite says of a database, and that every event in it has an end."""
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "SELECT id FROM events WHERE end_timestamp IS NULL") == []
