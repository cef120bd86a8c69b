# SPDX-License-Identifier: MIT
"""What the documentation shows runs; the types are right."""
import doctest
import glob
import importlib
import inspect
import os
import pkgutil
import re
import signal
import subprocess
import sys

import pytest
import stage

import pausemon

BINDING = os.path.join(stage.TOP, "bindings/python")
README = os.path.join(BINDING, "README.md")
EXAMPLES = sorted(glob.glob(os.path.join(BINDING, "examples/*.py")))
PACKAGE = os.path.dirname(pausemon.__file__)
ELSEWHERE = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "PAUSEMON_TOP")


def environment(home):
    """A user's without any daemon."""
    left = {key: value for key, value in os.environ.items() if key not in ELSEWHERE}
    return dict(left, HOME=str(home), PYTHONDONTWRITEBYTECODE="1")


def run(home, *arguments, code=0, **more):
    ran = subprocess.run([sys.executable, "-W", "error", *map(str, arguments)], cwd=home,
                         env=environment(home), stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=stage.PATIENCE, check=False, **more)
    assert ran.returncode == code, f"exit {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran


def python_blocks():
    with open(README, encoding="utf-8") as file:
        return re.findall(r"^```python\n(.*?)^```", file.read(), re.M | re.S)


@pytest.mark.parametrize("number", range(len(python_blocks())))
def test_the_readme_runs(number, tmp_path):
    run(tmp_path, "-c", python_blocks()[number])


def test_the_readme_has_something_to_run():
    assert len(python_blocks()) >= 3


def modules():
    for info in pkgutil.iter_modules([PACKAGE]):
        if info.name != "_pausemon":
            yield importlib.import_module(f"pausemon.{info.name}")


def test_docstrings_run():
    tried = 0
    for module in [pausemon, *modules()]:
        result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
        assert result.failed == 0, module
        tried += result.attempted
    assert tried > 10


def test_everything_public_says_what_it_is():
    silent = []
    for name in stage.PUBLIC:
        thing = getattr(pausemon, name)
        if not isinstance(thing, type) and not inspect.isfunction(thing):
            continue  # a name for a type
        if not (thing.__doc__ or "").strip():
            silent.append(name)
        for member, value in vars(thing).items() if isinstance(thing, type) else ():
            function = getattr(value, "fget", None) or getattr(value, "__func__", value)
            if not member.startswith("_") and callable(function) and not isinstance(value, type) \
                    and not (function.__doc__ or "").strip():
                silent.append(f"{name}.{member}")
    assert silent == []


# ---- the examples ----

def example(name):
    (path,) = [path for path in EXAMPLES if os.path.basename(path) == name]
    return path


def test_worst(tmp_path):
    assert run(tmp_path, example("worst.py")).stdout.strip()


def test_incidents(tmp_path, nervous):
    path = tmp_path / "data.db"
    with stage.Script("..!!..") as source, pausemon.Monitor(source, nervous) as monitor, \
            pausemon.Storage(path) as storage:
        storage.attach(monitor)
        stage.play(monitor)
        storage.finish()
    assert run(tmp_path, example("incidents.py"), path).stdout.strip()
    ran = subprocess.run([sys.executable, example("incidents.py"), tmp_path / "none.db"],
                         env=environment(tmp_path), capture_output=True, text=True, check=False,
                         timeout=stage.PATIENCE)
    assert ran.returncode not in (0, -6, -11) and "none.db" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_asyncio_alert(tmp_path):
    """A service: it runs until it is told to end, and ends in good order. (What a shell starts in
    the background ignores SIGINT, and so does what that starts, unless it is told not to.)"""
    process = subprocess.Popen([sys.executable, "-u", example("asyncio_alert.py")], text=True,
                               env=environment(tmp_path), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        first = process.stdout.readline()
        assert first and process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=stage.PATIENCE)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert "Traceback" not in err and process.returncode in (0, 130, -2), (out, err)


def test_every_example_is_run_here():
    assert [os.path.basename(path) for path in EXAMPLES] == \
        ["asyncio_alert.py", "incidents.py", "worst.py"]


# ---- types ----

def mypy():
    found = subprocess.run([sys.executable, "-m", "mypy", "--version"], capture_output=True,
                           check=False)
    if found.returncode != 0:
        pytest.skip("mypy is not there (tests/run.sh --full installs it)")
    return [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("mypy")


USE = """
import asyncio
from typing import List, Optional, Tuple
import pausemon

def look() -> Optional[float]:
    with pausemon.Source() as source, pausemon.Collector(source) as collector:
        for sample in collector:
            worst: Tuple[pausemon.Process, ...] = sample.rogues
            mem: Optional[int] = worst[0].mem
            reveal_type(mem)
            return worst[0].cpu_percent
    return None

async def listen(monitor: pausemon.Monitor) -> List[str]:
    return [str(event.type) async for event in monitor]

pausemon.score("nothing")  # an error
pausemon.RingBuffer(3).push(3, pausemon.Tier.CRITICAL)  # an error
pausemon.Config()["tiers.hold_ms"] = object()  # an error
"""


def test_mypy_passes(cache):
    command = [*mypy(), "--cache-dir", str(cache), "-p", "pausemon"]
    ran = subprocess.run(command, cwd=os.path.dirname(PACKAGE), capture_output=True, text=True,
                         check=False, env=dict(os.environ, MYPYPATH=os.path.dirname(PACKAGE)))
    assert (ran.returncode, ran.stdout) == (0, "")
    ran = subprocess.run([*mypy(), "--cache-dir", str(cache), *EXAMPLES], capture_output=True,
                         text=True, check=False, env=dict(os.environ, MYPYPATH=BINDING))
    assert (ran.returncode, ran.stdout) == (0, "")


def test_types_tell_right_from_wrong(cache, tmp_path):
    program = tmp_path / "use.py"
    program.write_text(USE, encoding="utf-8")
    ran = subprocess.run([*mypy(), "--cache-dir", str(cache), program], capture_output=True,
                         text=True, check=False,
                         env=dict(os.environ, MYPYPATH=os.path.dirname(PACKAGE)))
    errors = [int(n) for n in re.findall(r"use\.py:(\d+): error", ran.stdout)]
    wrong = [n for n, line in enumerate(USE.splitlines(), 1) if line.endswith("# an error")]
    assert errors == wrong, ran.stdout
    assert 'Revealed type is "Union[builtins.int, None]"' in ran.stdout


def test_it_is_marked_as_typed():
    assert os.path.exists(os.path.join(PACKAGE, "py.typed"))
