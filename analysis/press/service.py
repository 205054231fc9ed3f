"""A process of our own that answers over a connection: started as a program, so whoever starts it
may have threads, be a daemon or hold a port, and the process has an environment of its own.
"""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Client, Connection, Listener, wait
from pathlib import Path
from typing import Any, BinaryIO, cast

fcntl: Any
try:
    import fcntl
except ImportError:  # no such locks on this system
    fcntl = None

PREFIX = "pt-"
ALIVE = ".alive"
UNLOCKED_SECONDS = 3600.0  # after which a folder in which nothing was ever locked is left over


class Service:
    """A running service, as the process that started it sees it; it ends with that process.

    It has a folder of its own for its socket and its temporary files, which goes when it ends.
    """

    def __init__(self, function: str, environment: Mapping[str, str] | None = None):
        """Start `function` ("module:name"), which is called with a Listener."""
        code = "import sys; from analysis.press.service import run; run(*sys.argv[1:])"
        sweep_temporary_folders()
        self._folder = tempfile.mkdtemp(prefix=PREFIX)  # an address has 103 bytes
        self._alive = _held(self._folder)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, function, self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_with_this_package(os.environ if environment is None else environment),
            start_new_session=True,
        )
        self._address = ""

    @property
    def address(self) -> str:
        """Where it listens; waits until it does. EOFError where it has ended instead."""
        if not self._address:
            output = cast(BinaryIO, self.process.stdout)
            self._address = output.readline().decode().strip()
        if not self._address:
            raise EOFError("the process ended before it listened")
        return self._address

    def connect(self) -> Connection:
        """A new connection; EOFError or OSError where the process has ended."""
        return Client(self.address)

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def close(self, seconds: float = 10) -> int:
        """Wait so many seconds for the process to end, then end it; its exit status."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        status = self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._alive is not None:
            self._alive.close()
        return status


def _with_this_package(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, in which this package is found also where it is not installed."""
    folders = [str(Path(__file__).parents[2]), *filter(None, [environment.get("PYTHONPATH")])]
    return {**environment, "PYTHONPATH": os.pathsep.join(folders)}


def _held(folder: str) -> BinaryIO | None:
    """A file of the folder, locked for as long as this process lives; it gets its name when it is
    locked. None where the system has no such locks.
    """
    if fcntl is None:
        return None
    path = os.path.join(folder, ALIVE)
    held = open(f"{path}-not-yet", "wb")  # noqa: SIM115
    fcntl.flock(held, fcntl.LOCK_EX)
    os.rename(held.name, path)
    return held


@cache
def sweep_temporary_folders() -> None:
    """Remove the folders of services whose starter was killed together with them; once a process.

    A folder in which nothing is locked belongs to nobody; one that has nothing to lock may just
    have been made, unless it is old.
    """
    if fcntl is None:
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            alive = folder / ALIVE
            if not alive.is_file():
                is_left = time.time() - folder.stat().st_mtime > UNLOCKED_SECONDS
            else:
                is_left = _is_free(alive)
            if is_left:
                shutil.rmtree(folder, ignore_errors=True)


def _is_free(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def run(function: str, folder: str) -> None:
    """The service's main program: print the address, then answer until the starter is gone.

    `folder` is for temporary files; only this user can enter it.
    """
    tempfile.tempdir = folder
    module, _, name = function.partition(":")
    # Elsewhere the platform's own pipe.
    address = os.path.join(folder, "socket") if os.name == "posix" else None
    with Listener(address, backlog=64) as listener:
        print(listener.address, flush=True)
        os.dup2(2, 1)  # what a library prints is no address
        threading.Thread(target=_end_with_starter, args=(folder,), daemon=True).start()
        try:
            getattr(importlib.import_module(module), name)(listener)
        except Exception:
            # Before the listener closes: whoever waits there ends this process when it does.
            traceback.print_exc()
            sys.exit(1)


def _end_with_starter(folder: str) -> None:
    """Wait until standard input ends, which it does when the starter closes it or dies; then end
    this process with all that it started.
    """
    while os.read(0, 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    kill_session(os.getpid())
    os._exit(0)


def begin_session(ends_with: int) -> None:
    """Make this process the first of a session of its own, so that it can be killed with all that
    it starts; so it is when `ends_with` becomes ready, the sentinel of another process.
    """
    if os.name == "posix":
        os.setsid()
    threading.Thread(target=_end_with, args=(ends_with,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    kill_session(os.getpid())
    os._exit(1)


def kill_session(process_id: int) -> None:
    """Kill a process that began a session, and all that it started."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process_id, signal.SIGKILL)
