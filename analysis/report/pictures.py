"""A chart as a still picture, drawn by vl-convert in a process of its own: its engine starts threads, and we fork."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

VERSION = "6.4"  # the Vega-Lite of the page's own library; a test keeps the two and Altair's together
SVG = "http://www.w3.org/2000/svg"
_LONG = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_PLACED = {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"}
# The page itself has a label and the data for those who cannot see; the picture needs no second, and takes no clicks.
_NEEDLESS = {"class", "pointer-events", "role"}
_INHERITED = {"fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "text-anchor"}
_INHERITED |= {"font-family", "font-size", "font-weight"}


class Painter:
    """A process that draws pictures; started before it is needed, because its start takes half a second."""

    def __init__(self):
        self.restart()

    def restart(self) -> None:
        """A new process in place of the old one."""
        if old := getattr(self, "process", None):
            old.kill()
            old.wait()
        command = [sys.executable, "-m", "analysis.report.pictures"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def draw(self, spec: dict) -> str:
        """The SVG of a Vega-Lite specification; ValueError with vl-convert's message where it cannot be drawn."""
        self.process.stdin.write(json.dumps(spec).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "fault" in answer:
            raise ValueError(f"a chart cannot be drawn: {answer['fault']}")
        return answer["svg"]


def small(svg: str) -> str:
    """The same drawing in a third of the bytes: a tenth of a pixel is enough, a group says once what it shares."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            bare = child.tag == f"{{{SVG}}}path" and not child.get("fill", child.get("stroke"))
            if bare or child.get("display") == "none":
                parent.remove(child)
    for node in root.iter():
        for name, value in list(node.items()):
            if name in _NEEDLESS or name.startswith("aria-") or (name, value) == ("opacity", "1"):
                del node.attrib[name]
            elif name in _PLACED:
                node.set(name, _LONG.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value))
            elif rgb := re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", value):
                node.set(name, "#" + "".join(f"{int(part):02x}" for part in rgb.groups()))
    for group in reversed(list(root.iter(f"{{{SVG}}}g"))):
        for name in _INHERITED if len(group) > 1 else ():
            values = {child.get(name) for child in group}
            if len(values) == 1 and None not in values and group.get(name) is None:
                group.set(name, values.pop())
                for child in group:
                    del child.attrib[name]
    return ElementTree.tostring(root, encoding="unicode")


def main() -> None:
    """Draw a picture for each line of standard input."""
    import vl_convert

    vl_convert.vegalite_to_svg({"data": {"values": [{"a": 1}]}, "mark": "point"}, vl_version=VERSION)
    for line in sys.stdin:
        try:
            answer = {"svg": small(vl_convert.vegalite_to_svg(json.loads(line), vl_version=VERSION))}
        except Exception as fault:  # vl-convert raises its own kinds
            answer = {"fault": str(fault)[:500]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
