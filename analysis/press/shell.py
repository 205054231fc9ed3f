"""The shell in which a process runs the cells of its notebook: IPython's own, with outputs kept
instead of sent to a socket.
"""

import base64
import io
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, BinaryIO, Protocol

from analysis.press.protocol import has_to_run

LANGUAGE = {
    "name": "python",
    "version": sys.version.split()[0],
    "mimetype": "text/x-python",
    "file_extension": ".py",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
}


class CellObserver(Protocol):
    """Who hears what the cells do, as they do it."""

    def cell_started(self, index: int) -> None:
        """The cell at this index begins to run."""

    def cell_finished(
        self, index: int, outputs: list[dict], execution_count: int, success: bool
    ) -> None:
        """The cell has run; `success` is false where the notebook ends with it."""


class CellOutputs:
    """The outputs of one cell, in nbformat's form."""

    def __init__(self, displays: dict[str, list[dict]], descriptors: "DescriptorFiles | None"):
        """`displays` are the outputs of the notebook that have a display id, for later updates."""
        self.outputs: list[dict] = []
        self._displays = displays
        self._descriptors = descriptors
        self._clear_at_next = False

    def add(self, kind: str, display_id: str | None = None, **fields: Any) -> None:
        """Append an output; consecutive text of one stream is one output."""
        if self._clear_at_next:
            self.clear()
        if kind != "stream":
            self.drain()
        last = self.outputs[-1] if self.outputs else {}
        if kind == "stream" and last.get("name") == fields["name"]:
            last["text"] += fields["text"]
            return
        output = {"output_type": kind, **fields}
        self.outputs.append(output)
        if display_id:
            self._displays.setdefault(display_id, []).append(output)

    def update(self, display_id: str | None, fields: dict[str, Any]) -> None:
        """Replace what was displayed under an id."""
        for output in self._displays.get(display_id or "", ()):
            output.update(fields)

    def clear(self, wait: bool = False) -> None:
        """Drop the outputs; with `wait`, when the next one comes."""
        self._clear_at_next = wait
        if not wait:
            self.outputs = []

    def drain(self) -> None:
        """Take what subprocesses and C code wrote past Python's streams."""
        if self._descriptors is not None:
            for name, text in self._descriptors.read():
                if text:
                    self.add("stream", name=name, text=text)


class DescriptorFiles:
    """Files behind the descriptors of standard output and error while a notebook runs."""

    def __init__(self, out: BinaryIO, err: BinaryIO):
        self._files = {"stdout": out, "stderr": err}

    def read(self) -> list[tuple[str, str]]:
        """What was written since the last time, by stream."""
        texts = []
        for name, file in self._files.items():
            file.seek(0)
            texts.append((name, file.read().decode("utf-8", "replace")))
            file.seek(0)
            file.truncate()
        return texts


class CellStream(io.TextIOBase):
    """Standard output or error of a cell."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, shell: Any, name: str):
        self.shell, self.name = shell, name

    def write(self, text: str) -> int:
        """Keep the text."""
        if text:
            self.shell.cell_outputs.add("stream", name=self.name, text=text)
        return len(text)

    def fileno(self) -> int:
        """The real descriptor, so that subprocesses may inherit it."""
        return 1 if self.name == "stdout" else 2


@cache
def prepare() -> Any:
    """The shell of this process, made once; a copy of the process has its own."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class KeepingDisplayHook(DisplayHook):
        def write_output_prompt(self): ...

        def write_format_data(self, format_dict, md_dict=None):
            if format_dict:
                self.shell.cell_outputs.add(
                    "execute_result",
                    data=_text_only(format_dict),
                    metadata=md_dict or {},
                    execution_count=self.prompt_count,
                )

        def finish_displayhook(self):
            self._is_active = False

    class KeepingDisplayPublisher(DisplayPublisher):
        def publish(self, data, metadata=None, *, transient=None, update=False, **_):
            fields = {"data": _text_only(data), "metadata": metadata or {}}
            display_id = (transient or {}).get("display_id")
            if update:
                self.shell.cell_outputs.update(display_id, fields)
            else:
                self.shell.cell_outputs.add("display_data", display_id, **fields)

        def clear_output(self, wait=False):
            self.shell.cell_outputs.clear(wait)

    # pandas and others look at this name to know a notebook
    class ZMQInteractiveShell(InteractiveShell):
        displayhook_class, display_pub_class = KeepingDisplayHook, KeepingDisplayPublisher
        kernel = None
        cell_outputs: CellOutputs

        def _showtraceback(self, etype, evalue, stb):
            self.cell_outputs.add(
                "error", ename=etype.__name__, evalue=str(evalue), traceback=list(stb)
            )

        def enable_gui(self, gui=None): ...

    shell: Any = ZMQInteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.system = shell.system_piped
    shell.cell_outputs = CellOutputs({}, None)
    return shell


def run_cells(cells: Sequence[Mapping[str, Any]], observer: CellObserver) -> None:
    """Run the code cells in turn, in this process; stop at the first that fails.

    The process belongs to the notebook: what cells change in it stays.
    """
    shell = prepare()
    displays: dict[str, list[dict]] = {}
    random.seed()  # a copy of a process has the same state of the global generators
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    with _captured_streams(shell) as descriptors:
        for index, cell in enumerate(cells):
            if not has_to_run(cell):
                continue
            tags = cell["metadata"].get("tags", [])
            observer.cell_started(index)
            shell.cell_outputs = CellOutputs(displays, descriptors)
            result = shell.run_cell(cell["source"], store_history=True)
            shell.cell_outputs.drain()
            success = result.success or "raises-exception" in tags
            outputs = shell.cell_outputs.outputs
            observer.cell_finished(index, outputs, shell.execution_count - 1, success)
            if not success:
                return


@contextmanager
def _captured_streams(shell: Any) -> Iterator[DescriptorFiles]:
    """Standard output and error go to the cells' outputs, from Python and from below it."""
    streams = sys.stdout, sys.stderr
    for stream in streams:
        stream.flush()
    descriptors = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.stdout, sys.stderr = CellStream(shell, "stdout"), CellStream(shell, "stderr")
            yield DescriptorFiles(out, err)
        finally:
            sys.stdout, sys.stderr = streams
            for number, kept in zip((1, 2), descriptors, strict=True):
                os.dup2(kept, number)
                os.close(kept)


def _text_only(data: Mapping[str, Any]) -> dict[str, Any]:
    """A mime bundle with its bytes as base64, as notebook files keep them."""
    texts = {}
    for kind, content in data.items():
        is_binary = isinstance(content, bytes)
        texts[kind] = base64.b64encode(content).decode() if is_binary else content
    return texts
