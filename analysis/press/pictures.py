"""A chart as a still picture, drawn by the page's own library in a process of its own: V8 has
threads, and we fork.
"""

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from multiprocessing.connection import Client, Listener
from typing import Any
from xml.etree import ElementTree

from analysis.press.altair_display import ASSETS, MIME

VERSION = (
    "6.4"  # the Vega-Lite of the page's own library; a test keeps the two and Altair's together
)
# That library: vega-embed, and those parts of Vega that draw without a page. The addresses are
# names of modules, which vl-convert finds in the copy that it carries: nothing is fetched, neither
# when it bundles nor when a page is drawn.
BUNDLE = (
    'import {View, parse, textMetrics} from "https://cdn.jsdelivr.net/npm/vega@6.2.0/+esm"; '
    'import {compile} from "https://cdn.jsdelivr.net/npm/vega-lite@6.4.1/+esm"; '
    "window.vegaEmbed = Object.assign(vegaEmbed, {View, parse, textMetrics, compile});"
)
MEMORY = 2 << 30  # bytes that one picture may take in V8, which else ends the whole process
SVG = "http://www.w3.org/2000/svg"
_MOVED = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")
_COUNTED = re.compile(r"\b(gradient_|clip)(\d+)\b")
_LONG = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_PLACED = {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"}
# The page itself has a label and the data for those who cannot see; the picture needs no second,
# and takes no clicks.
_NEEDLESS = {"class", "pointer-events", "role"}
_INHERITED = {
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-opacity",
    "fill-opacity",
    "text-anchor",
}
_INHERITED |= {"font-family", "font-size", "font-weight"}


class Painter:
    """A process that draws the pictures of several reports at once; what it drew lately it need not
    draw again.
    """

    desk: Any = None  # the connection of this process

    def __init__(self):
        self.start()

    def start(self) -> None:
        """A new process; an old one ends with the last who could ask it."""
        command = [sys.executable, "-m", "analysis.press.pictures"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.address, self.desk = "", None

    def open(self) -> None:
        """Wait until it can be spoken to; a process that forks does so before, and its children
        share one painter.
        """
        self.address = self.address or self.process.stdout.readline().strip()
        if not self.address:
            raise EOFError

    def draw(self, spec: str, timeout: float | None = None) -> str:
        """The SVG of a Vega-Lite specification in JSON; ValueError with the library's message where
        it has a fault.

        TimeoutError where the drawing itself takes more than `timeout` seconds.
        """
        try:
            answer = self._asked(spec, timeout)
        except (
            EOFError,
            OSError,
        ):  # a chart of another report may have killed it: once more, by one of our own
            self.start()
            try:
                answer = self._asked(spec, timeout)
            except (EOFError, OSError):
                raise OSError(
                    "the process that draws pictures has ended; its message is above"
                ) from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _asked(self, spec: str, timeout: float | None):
        if not self.desk:
            self.open()
            self.desk = Client(self.address)
        self.desk.send((spec, timeout))
        return self.desk.recv()


class Ahead:
    """Pictures of charts that are drawn in the order in which cells show them, while the next cells
    run.
    """

    def __init__(self, draw):
        self.paint, self.begun, self.hand = draw, {}, ThreadPoolExecutor(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hand.shutdown(cancel_futures=True)

    def shown(self, outputs: list[dict]) -> None:
        """A cell has these outputs."""
        for output in outputs:
            if chart := output.get("data", {}).get(MIME):
                self._begin(json.dumps(chart))

    def draw(self, spec: str) -> str:
        """The picture, as from a painter."""
        return self._begin(spec).result()

    def _begin(self, spec: str) -> Future:
        return self.begun.get(spec) or self.begun.setdefault(
            spec, self.hand.submit(self.paint, spec)
        )


def small(svg: str) -> str:
    """The same drawing in a few of the bytes: a tenth of a pixel is enough, and what repeats is
    said once.
    """
    ElementTree.register_namespace("", SVG)
    seen: dict[
        str, int
    ] = {}  # Vega counts gradients and clips from picture to picture; here each begins at 0
    svg = _COUNTED.sub(lambda found: f"{found[1]}{seen.setdefault(found[0], len(seen))}", svg)
    root = ElementTree.fromstring(svg)
    _stripped(root)
    for group in reversed(list(root.iter(f"{{{SVG}}}g"))):
        _lines(group)
        for name in _INHERITED if len(group) > 1 else ():
            values = {child.get(name) for child in group}
            if len(values) == 1 and None not in values and group.get(name) is None:
                group.set(name, values.pop())
                for child in group:
                    del child.attrib[name]
    _symbols(root)
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _stripped(root) -> None:
    """Without what is not seen, and with short numbers."""
    for parent in list(root.iter()):
        for child in list(parent):
            bare = child.tag == f"{{{SVG}}}path" and not child.get("fill", child.get("stroke"))
            bare |= child.tag == f"{{{SVG}}}text" and not child.text and not len(child)
            if bare or child.get("display") == "none":
                parent.remove(child)
    for node in root.iter():
        for name, value in list(node.items()):
            if name in _NEEDLESS or name.startswith("aria-") or (name, value) == ("opacity", "1"):
                del node.attrib[name]
            elif name in _PLACED:
                node.set(
                    name,
                    _LONG.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value),
                )
            elif rgb := re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", value):
                node.set(name, "#" + "".join(f"{int(part):02x}" for part in rgb.groups()))


def _lines(group) -> None:
    """Lines of one look, such as a grid, as one path."""
    looks = {
        tuple(sorted((k, v) for k, v in line.items() if k not in ("transform", "x2", "y2")))
        for line in group
    }
    moves = [
        _MOVED.fullmatch(line.get("transform", ""))
        for line in group
        if line.tag == f"{{{SVG}}}line"
    ]
    if len(moves) < 2 or len(moves) < len(group) or len(looks) > 1 or not all(moves):
        return
    both = zip(moves, group, strict=True)
    ends = [f"M{move[1]},{move[2]}l{line.get('x2', 0)},{line.get('y2', 0)}" for move, line in both]
    group[:] = [ElementTree.Element(f"{{{SVG}}}path", dict(looks.pop()) | {"d": "".join(ends)})]


def _symbols(root) -> None:
    """A mark that is drawn many times as the marker of one line, which itself is not drawn."""
    seen: dict = {}
    for parent in root.iter():
        for node in parent:
            move = _MOVED.fullmatch(node.get("transform", ""))
            if move and node.tag == f"{{{SVG}}}path":
                look = tuple(
                    sorted((name, value) for name, value in node.items() if name != "transform")
                )
                seen.setdefault((parent, look), []).append((node, f"{move[1]},{move[2]}"))
    for number, ((parent, look), nodes) in enumerate(seen.items()):
        if len(nodes) < 3:
            continue
        whole = {"id": f"s{number}", "markerUnits": "userSpaceOnUse", "overflow": "visible"}
        marker = ElementTree.Element(f"{{{SVG}}}marker", whole)
        marker.append(ElementTree.Element(f"{{{SVG}}}path", dict(look)))
        ends = {f"marker-{place}": f"url(#s{number})" for place in ("start", "mid", "end")}
        drawn = {
            "d": "M" + " ".join(place for _, place in nodes),
            "fill": "none",
            "stroke": "none",
        } | ends
        at = list(parent).index(nodes[0][0])
        parent[at : at + 1] = [marker, ElementTree.Element(f"{{{SVG}}}path", drawn)]
        for node, _ in nodes[1:]:
            parent.remove(node)


def engine():
    """What draws: the page's own library in V8 (mini-racer), without a browser; give a
    specification in JSON.

    ValueError with the library's message, TimeoutError after so many seconds; neither harms the
    next picture.
    """
    from py_mini_racer import JSEvalException, JSOOMException, JSTimeoutException, MiniRacer

    v8 = MiniRacer()
    for script in (
        (ASSETS / "paint.js").read_text(),
        gzip.decompress((ASSETS / "vega.js.gz").read_bytes()).decode(),
    ):
        v8.eval(script + "\n;0")
    v8.eval("begin()")

    def draw(spec: str, timeout: float | None = None) -> str:
        try:
            v8.eval(f"draw({spec})", timeout_sec=timeout, max_memory=MEMORY)
        except JSTimeoutException:
            raise TimeoutError(f"a chart is not drawn within {timeout:g} s") from None
        except JSOOMException:
            raise ValueError(
                f"a chart cannot be drawn: it takes more than {MEMORY >> 30} GiB"
            ) from None
        except JSEvalException as thrown:
            raise ValueError(
                f"a chart cannot be drawn: {str(thrown).splitlines()[0][:500]}"
            ) from None
        if fault := v8.eval("fault"):
            raise ValueError(f"a chart cannot be drawn: {fault[:500]}")
        return v8.eval("drawn")

    return draw


def main() -> None:
    """Draw for whoever connects to the address that standard output names, until standard input
    ends.
    """
    with tempfile.TemporaryDirectory() as folder:
        door = Listener(os.path.join(folder, "desk") if os.name == "posix" else None, backlog=64)
        print(door.address, flush=True)
        draw = engine()  # who has connected by now hears of the end, where it cannot be had
        threading.Thread(target=_serve, args=(door, draw), daemon=True).start()
        sys.stdin.read()


def _serve(door: Listener, draw) -> None:
    one = threading.Lock()
    drawn = lru_cache(500)(lambda spec, timeout: small(draw(spec, timeout)))

    def answer(desk) -> None:
        with desk, suppress(EOFError, OSError):  # who asked has ended
            while True:
                asked = desk.recv()
                with one:
                    try:
                        said: str | Exception = drawn(*asked)
                    except Exception as fault:  # raised again where it was asked
                        said = fault
                desk.send(said)

    while True:
        threading.Thread(target=answer, args=(door.accept(),), daemon=True).start()


if __name__ == "__main__":
    try:
        main()
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(0)  # V8's threads would wait
