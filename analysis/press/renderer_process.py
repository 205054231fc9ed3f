"""The process that draws charts: the page's own library in V8 (mini-racer), without a browser. It
is a process of its own because V8 has threads, and processes with threads cannot be copied safely.
"""

import gzip
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from multiprocessing.connection import Connection, Listener

from analysis.press.altair_display import ASSETS
from analysis.press.svg import compact

# The Vega-Lite of the page's own library; a test keeps the two and Altair's together.
VERSION = "6.4"
# That library: vega-embed, and those parts of Vega that draw without a page. The addresses are
# names of modules, which vl-convert finds in the copy that it carries: nothing is fetched, neither
# when it bundles nor when a page is drawn.
BUNDLE = (
    'import {View, parse, textMetrics} from "https://cdn.jsdelivr.net/npm/vega@6.2.0/+esm"; '
    'import {compile} from "https://cdn.jsdelivr.net/npm/vega-lite@6.4.1/+esm"; '
    "window.vegaEmbed = Object.assign(vegaEmbed, {View, parse, textMetrics, compile});"
)
MEMORY = 2 << 30  # bytes that one picture may take in V8, which else ends the whole process
KEPT_PICTURES = 500

Drawing = Callable[[str, float | None], str]


def drawing_engine() -> Drawing:
    """A function that draws: a specification in JSON and seconds that it may take, to SVG.

    ValueError with the library's message, TimeoutError after so many seconds; neither harms the
    next picture. ImportError where mini-racer is missing.
    """
    from py_mini_racer import JSEvalException, JSOOMException, JSTimeoutException, MiniRacer

    v8 = MiniRacer()
    library = gzip.decompress((ASSETS / "vega.js.gz").read_bytes()).decode()
    for script in ((ASSETS / "paint.js").read_text(), library):
        v8.eval(script + "\n;0")
    v8.eval("begin()")

    def draw(spec: str, timeout: float | None = None) -> str:
        try:
            v8.eval(f"draw({spec})", timeout_sec=timeout, max_memory=MEMORY)
        except JSTimeoutException:
            raise TimeoutError(f"a chart is not drawn within {timeout:g} s") from None
        except JSOOMException:
            reason = f"it takes more than {MEMORY >> 30} GiB"
            raise ValueError(f"a chart cannot be drawn: {reason}") from None
        except JSEvalException as fault:
            reason = str(fault).splitlines()[0][:500]
            raise ValueError(f"a chart cannot be drawn: {reason}") from None
        reason = str(v8.eval("fault"))
        if reason:
            raise ValueError(f"a chart cannot be drawn: {reason[:500]}")
        return str(v8.eval("drawn"))

    return draw


def serve(listener: Listener) -> None:
    """Draw for whoever connects, one picture at a time, until the starter is gone."""
    draw = drawing_engine()  # who has connected by now hears of the end, where it cannot be had
    one_at_a_time = threading.Lock()

    @lru_cache(KEPT_PICTURES)
    def picture(spec: str, timeout: float | None) -> str:
        return compact(draw(spec, timeout))

    def answer(connection: Connection) -> None:
        with connection, suppress(EOFError, OSError):  # who asked has ended
            while True:
                spec, timeout = connection.recv()
                reply: str | Exception
                with one_at_a_time:
                    try:
                        reply = picture(spec, timeout)
                    except Exception as fault:  # raised again where it was asked
                        reply = fault
                connection.send(reply)

    while True:
        threading.Thread(target=answer, args=(listener.accept(),), daemon=True).start()
