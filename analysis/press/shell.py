"""The shell in which a forked child runs cells: IPython's own, with its output kept instead of sent
to a socket.
"""

import base64
import io
import os
import random
import sys
import tempfile
from functools import cache

LANGUAGE = {
    "name": "python",
    "version": sys.version.split()[0],
    "mimetype": "text/x-python",
    "file_extension": ".py",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
}


class Sink:
    """The outputs of one cell, in nbformat's form."""

    def __init__(self, shown: dict, drain=lambda: None):
        self.outputs: list[dict] = []
        self.shown, self.drain, self.wiping = shown, drain, False

    def add(self, kind: str, display: str | None = None, **fields) -> None:
        """Append an output; consecutive text of one stream is one output."""
        self.clear(self.wiping)
        if kind != "stream":
            self.drain()
        last = self.outputs[-1] if self.outputs else {}
        if kind == "stream" and last.get("name") == fields["name"]:
            last["text"] += fields["text"]
            return
        self.outputs.append({"output_type": kind, **fields})
        if display:
            self.shown.setdefault(display, []).append(self.outputs[-1])

    def clear(self, now: bool) -> None:
        """Drop what the cell has shown."""
        if now:
            self.outputs, self.wiping = [], False


class Stream(io.TextIOBase):
    """Standard output or error of a cell."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, shell, name: str):
        self.shell, self.name = shell, name

    def write(self, text: str) -> int:
        """Keep the text."""
        if text:
            self.shell.sink.add("stream", name=self.name, text=text)
        return len(text)

    def fileno(self) -> int:
        """The real descriptor, so that subprocesses may inherit it."""
        return {"stdout": 1, "stderr": 2}[self.name]


@cache
def prepare():
    """The shell, made once before the fork."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Hook(DisplayHook):
        def write_output_prompt(self): ...

        def write_format_data(self, format_dict, md_dict=None):
            data, fields = (
                _plain(format_dict),
                {"metadata": md_dict or {}, "execution_count": self.prompt_count},
            )
            if data:
                self.shell.sink.add("execute_result", data=data, **fields)

        def finish_displayhook(self):
            self._is_active = False

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, *, transient=None, update=False, **_):
            fields, display = (
                {"data": _plain(data), "metadata": metadata or {}},
                (transient or {}).get("display_id"),
            )
            if not update:
                return self.shell.sink.add("display_data", display, **fields)
            for output in self.shell.sink.shown.get(display, ()):
                output.update(fields)

        def clear_output(self, wait=False):
            self.shell.sink.wiping = wait
            self.shell.sink.clear(not wait)

    class ZMQInteractiveShell(
        InteractiveShell
    ):  # pandas and others look at this name to know a notebook
        displayhook_class, display_pub_class, kernel = Hook, Publisher, None

        def _showtraceback(self, etype, evalue, stb):
            self.sink.add("error", ename=etype.__name__, evalue=str(evalue), traceback=list(stb))

        def enable_gui(self, gui=None): ...

    shell = ZMQInteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.system, shell.sink = shell.system_piped, Sink({})
    return shell


def run(cells, send) -> None:
    """Run the code cells in turn; `send` a record as each starts and as each ends, stop at the
    first that fails.
    """
    shell, shown = prepare(), {}
    random.seed()  # every child would else inherit the same state of the global generators
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdout, sys.stderr = Stream(shell, "stdout"), Stream(shell, "stderr")
        for at, cell in enumerate(cells):
            tags = cell["metadata"].get("tags", [])
            if (
                cell["cell_type"] != "code"
                or not cell["source"].strip()
                or "skip-execution" in tags
            ):
                continue
            send({"cell": at})
            shell.sink = Sink(
                shown, lambda: (sys.stdout.write(_drained(out)), sys.stderr.write(_drained(err)))
            )
            result = shell.run_cell(cell["source"], store_history=True)
            shell.sink.drain()
            go = result.success or "raises-exception" in tags
            send(
                {
                    "cell": at,
                    "outputs": shell.sink.outputs,
                    "count": shell.execution_count - 1,
                    "go": go,
                }
            )
            if not go:
                return


def _drained(file) -> str:
    """What subprocesses and C code wrote past Python's streams."""
    file.seek(0)
    text = file.read().decode("utf-8", "replace")
    file.seek(0)
    file.truncate()
    return text


def _plain(data: dict) -> dict:
    return {
        kind: base64.b64encode(said).decode() if isinstance(said, bytes) else said
        for kind, said in data.items()
    }
