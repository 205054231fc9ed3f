"""A chart as a still picture, drawn by vl-convert in a process of its own: its engine starts threads, and we fork."""

import json
import re
import subprocess
import sys

VERSION = "6.4"  # the Vega-Lite of the page's own library; a test keeps the two and Altair's together
_SPOKEN = re.compile(r' (?:aria-[a-z]+|role)="[^"]*"')  # the page has a label and the data; the picture needs no second
_LONG = re.compile(r"(\d\.\d\d)\d+")


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


def main() -> None:
    """Draw a picture for each line of standard input."""
    import vl_convert

    vl_convert.vegalite_to_svg({"data": {"values": [{"a": 1}]}, "mark": "point"}, vl_version=VERSION)
    for line in sys.stdin:
        try:
            svg = vl_convert.vegalite_to_svg(json.loads(line), vl_version=VERSION)
            answer = {"svg": _LONG.sub(r"\1", _SPOKEN.sub("", svg))}
        except Exception as fault:  # vl-convert raises its own kinds
            answer = {"fault": str(fault)[:500]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
