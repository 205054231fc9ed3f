"""Charts as still pictures, asked of a process that draws them (see renderer_process)."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection

from analysis.press import mime
from analysis.press.service import Service

Draw = Callable[[str], str]
# Names that every object of JavaScript has: Vega, which keeps groups by name, finds them taken.
_TAKEN = re.compile(
    r'"(__proto__|__(?:define|lookup)[GS]etter__|constructor|hasOwnProperty|isPrototypeOf'
    r'|propertyIsEnumerable|toLocaleString|toString|valueOf)"(?!\s*:)'
)
UNSEEN = "\\u2060"  # a joiner of words, in JSON


def drawable(spec: Mapping) -> str:
    """A chart's specification in JSON; a value that is a name of JavaScript's own gets a character
    that is not seen.
    """
    return _TAKEN.sub(rf'"\{UNSEEN}\1"', json.dumps(spec))


def start_renderer() -> Service:
    """A new process that draws pictures for several reports at once."""
    return Service("analysis.press.renderer_process:serve")


class ChartRenderer:
    """Draws charts by a process that others use too, or by one of its own where that has died."""

    def __init__(self, address: str = ""):
        """`address` is of a process that draws; without it one is started at the first chart."""
        self._address = address
        self._own: Service | None = None
        self._connection: Connection | None = None

    def draw(self, spec: str, timeout: float | None = None) -> str:
        """The SVG of a Vega-Lite specification in JSON.

        ValueError with the library's message where the specification has a fault, TimeoutError
        where the drawing itself takes more than `timeout` seconds, OSError where no process can
        draw.
        """
        try:
            answer = self._ask(spec, timeout)
        except (EOFError, OSError):
            # A chart of another report may have killed the process: once more, by one of our own.
            self.close()
            try:
                answer = self._ask(spec, timeout)
            except (EOFError, OSError):
                self.close()
                raise OSError(
                    "the process that draws pictures has ended; its message is above"
                ) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End the connection, and the process where it is our own; the next chart starts one."""
        if self._connection is not None:
            self._connection.close()
        if self._own is not None:
            self._own.close(0)
        self._address, self._own, self._connection = "", None, None

    def _ask(self, spec: str, timeout: float | None) -> str | Exception:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.send((spec, timeout))
        return self._connection.recv()

    def _connect(self) -> Connection:
        from multiprocessing.connection import Client

        if self._address:
            return Client(self._address)
        self._own = start_renderer()
        return self._own.connect()


class PicturePrefetch:
    """Pictures of charts drawn in the order in which cells show them, while the next cells run."""

    def __init__(self, draw: Draw):
        self._draw = draw
        self._pictures: dict[str, Future] = {}
        self._thread = ThreadPoolExecutor(1)

    def __enter__(self) -> "PicturePrefetch":
        return self

    def __exit__(self, *_) -> None:
        self._thread.shutdown(cancel_futures=True)

    def begin(self, outputs: Sequence[Mapping]) -> None:
        """Begin to draw the charts among the outputs of a cell."""
        for output in outputs:
            spec = output.get("data", {}).get(mime.CHART)
            if spec:
                self._picture(drawable(spec))

    def draw(self, spec: str) -> str:
        """The picture, as from a renderer; waits until it is drawn."""
        return self._picture(spec).result()

    def _picture(self, spec: str) -> Future:
        if spec not in self._pictures:
            self._pictures[spec] = self._thread.submit(self._draw, spec)
        return self._pictures[spec]
