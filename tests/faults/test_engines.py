"""Engines get no keys, and nothing that they start outlives them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.engines import processes_with
from tests.doubles.errors import raises_code
from w2s.errors import UsageError
from w2s.models.reference import parse_reference
from w2s.models.uci.loading import UciSettings
from w2s.models.uci.process import EngineProcess, engine_environment

WAIT_S = 20.0
HIDING = """
import os, subprocess, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        os.execve(sys.executable, [sys.executable, '-S', '-c', 'import time; time.sleep(600)', sys.argv[1]],
                  {})
    os._exit(0)
time.sleep(0.1)
os.write(1, b'up\\n')
"""
"""An engine's child that leaves its group, session, parent, pipes and environment."""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans needs Linux")


@pytest.fixture
def mark() -> Iterator[str]:
    name = f"hidden-{os.getpid()}-{time.monotonic_ns()}"
    yield name
    for pid in processes_with(name):
        os.kill(pid, signal.SIGKILL)


def engine(code: str, mark: str) -> EngineProcess:
    process = EngineProcess([sys.executable, "-S", "-c", code, mark])
    deadline = time.monotonic() + WAIT_S
    while not process.fill(b"up\n"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def wait_until_gone(mark: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes_with(mark) == {}


@linux_only
@pytest.mark.slow
@pytest.mark.parametrize(
    "end", ["sys.stdin.read()", "time.sleep(600)", "os._exit(3)", "os.kill(os.getpid(), 11)"]
)
def test_child_that_hides_ends_with_its_engine(mark: str, end: str) -> None:
    process = engine(HIDING + end, mark)
    assert any("time.sleep(600)" in line for line in processes_with(mark).values())
    if end == "os._exit(3)":
        assert process.exit_reason() == "exited with code 3"
    elif "11" in end:
        assert process.exit_reason() == "was killed by SIGSEGV"
    process.kill(polite=b"quit\n")
    assert processes_with(mark) == {}


OWNER = """
import sys, time
from tests.faults.test_engines import HIDING, engine
engine(HIDING + "import signal; signal.signal(1, signal.SIG_IGN); time.sleep(600)", sys.argv[1])
print("up", flush=True)
time.sleep(600)
"""


@linux_only
@pytest.mark.slow
def test_engine_that_ignores_the_end_of_its_input_ends_with_a_killed_owner(mark: str, root: Path) -> None:
    path = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, mark], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        assert len(processes_with(mark)) == 3
        owner.kill()
    wait_until_gone(mark)


@linux_only
@pytest.mark.slow
def test_other_children_of_the_program_are_left_alone(mark: str) -> None:
    sleeper = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
    orphan = f"import os, sys\nif os.fork() == 0: os.execv(sys.executable, {[*sleeper, 'orphan-' + mark]!r})"
    with subprocess.Popen(sleeper) as other:
        subprocess.run([sys.executable, "-S", "-c", orphan], check=True)
        process = engine(HIDING + "time.sleep(600)", mark)
        assert len(processes_with("orphan-" + mark)) == 1
        process.kill()
        (pid,) = processes_with("orphan-" + mark)
        assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1] != str(os.getpid())
        assert other.poll() is None
        other.kill()


@pytest.mark.slow
@pytest.mark.parametrize("program", ["/no/such/engine", "/etc/passwd", "/etc"])
def test_engine_that_cannot_be_started_is_reported(program: str) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match=r"No such file|Permission denied"):
        EngineProcess([program])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# Keys ------------------------------------------------------------------------------------------------------

SECRETS = (
    "W2S_API_KEY",
    "OPENAI_API_KEY",
    "HF_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "XDG_PASSWORD",
    "DATABASE_URL",
)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "sk-do-not-hand-on")
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")


def test_engine_gets_no_keys(secrets: None) -> None:
    found = engine_environment()
    assert not set(SECRETS) & set(found)
    assert found["PATH"] == os.environ["PATH"]
    assert (found["LC_TIME"], found["CUDA_VISIBLE_DEVICES"]) == ("C", "0")


@pytest.mark.slow
def test_environment_of_a_running_engine_holds_no_keys(secrets: None, mark: str) -> None:
    process = engine(
        "import os, sys; os.write(1, repr(dict(os.environ)).encode() + b'\\nup\\n'); sys.stdin.read()", mark
    )
    (line, _) = process.lines()
    process.kill()
    assert b"sk-do-not-hand-on" not in line
    assert b"'HOME'" in line or "HOME" not in os.environ


def test_variable_that_the_reference_names_is_handed_on(secrets: None) -> None:
    settings = UciSettings.from_reference(parse_reference("uci:lc0?variables=DATABASE_URL, LC_TIME"))
    assert engine_environment(settings.variables)["DATABASE_URL"] == "sk-do-not-hand-on"
    with raises_code("model-invalid-option", UsageError) as caught:
        UciSettings.from_reference(parse_reference("uci:lc0?variables=NOT_SET_HERE"))
    assert "NOT_SET_HERE" in str(caught.value)
