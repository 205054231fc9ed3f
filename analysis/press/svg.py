"""A chart's SVG in a few of its bytes: tenths of a pixel suffice, and what repeats is said once."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SVG = "http://www.w3.org/2000/svg"
PATH, LINE, TEXT, GROUP, MARKER = (
    f"{{{SVG}}}{name}" for name in ("path", "line", "text", "g", "marker")
)
_TRANSLATION = re.compile(r"translate\((-?[\d.]+),(-?[\d.]+)\)")
_NUMBERED_ID = re.compile(r"\b(gradient_|clip)(\d+)\b")
_DECIMAL = re.compile(r"-?\d*\.\d+(?:e-?\d+)?")
_RGB = re.compile(r"rgb\((\d+), (\d+), (\d+)\)")
_GEOMETRY = {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"}
# The page itself has a label and the data for those who cannot see; the picture needs no second,
# and takes no clicks.
_NEEDLESS = {"class", "pointer-events", "role"}
_INHERITED = (
    "fill",
    "fill-opacity",
    "font-family",
    "font-size",
    "font-weight",
    "stroke",
    "stroke-dasharray",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
)
FEWEST_MARKS = 3  # of one look, that are worth a marker


def compact(svg: str) -> str:
    """The same drawing in fewer bytes, and the same bytes whatever was drawn before."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(_renumbered(svg))
    _remove_unseen(root)
    for node in root.iter():
        _shorten_attributes(node)
    for group in reversed(list(root.iter(GROUP))):
        _join_lines(group)
        _lift_shared_attributes(group)
    _repeat_by_markers(root)
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _renumbered(svg: str) -> str:
    """Vega counts gradients and clips from picture to picture; here each picture begins at 0."""
    numbers: dict[str, int] = {}

    def number(found: re.Match) -> str:
        return f"{found[1]}{numbers.setdefault(found[0], len(numbers))}"

    return _NUMBERED_ID.sub(number, svg)


def _remove_unseen(root: Element) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            unpainted = child.tag == PATH and not child.get("fill", child.get("stroke"))
            empty = child.tag == TEXT and not child.text and not len(child)
            if unpainted or empty or child.get("display") == "none":
                parent.remove(child)


def _shorten_attributes(node: Element) -> None:
    for name, value in list(node.items()):
        if name in _NEEDLESS or name.startswith("aria-") or (name, value) == ("opacity", "1"):
            del node.attrib[name]
        elif name in _GEOMETRY:
            node.set(name, _DECIMAL.sub(_tenths, value))
        elif rgb := _RGB.fullmatch(value):
            node.set(name, "#" + "".join(f"{int(part):02x}" for part in rgb.groups()))


def _tenths(found: re.Match) -> str:
    return f"{float(found[0]):.1f}".removesuffix(".0")


def _lift_shared_attributes(group: Element) -> None:
    """What all children of a group have in common is said once, by the group."""
    if len(group) < 2:
        return
    for name in _INHERITED:
        values = {child.get(name) for child in group}
        if len(values) == 1 and None not in values and group.get(name) is None:
            group.set(name, str(values.pop()))
            for child in group:
                del child.attrib[name]


def _look(node: Element, placing: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The attributes of a node but for those that place it."""
    return tuple(sorted((name, value) for name, value in node.items() if name not in placing))


def _join_lines(group: Element) -> None:
    """Lines of one look, such as a grid, as one path."""
    if len(group) < 2 or any(child.tag != LINE for child in group):
        return
    moves = [_TRANSLATION.fullmatch(line.get("transform", "")) for line in group]
    looks = {_look(line, ("transform", "x2", "y2")) for line in group}
    if len(looks) > 1:
        return
    segments = []
    for move, line in zip(moves, group, strict=True):
        if move is None:
            return
        segments.append(f"M{move[1]},{move[2]}l{line.get('x2', 0)},{line.get('y2', 0)}")
    group[:] = [Element(PATH, dict(looks.pop()) | {"d": "".join(segments)})]


def _repeat_by_markers(root: Element) -> None:
    """A mark that is drawn many times as the marker of one line, which itself is not drawn."""
    marks: dict[tuple, list[tuple[Element, str]]] = {}
    for parent in root.iter():
        for node in parent:
            move = _TRANSLATION.fullmatch(node.get("transform", ""))
            if move and node.tag == PATH:
                key = (parent, _look(node, ("transform",)))
                marks.setdefault(key, []).append((node, f"{move[1]},{move[2]}"))
    for number, ((parent, look), nodes) in enumerate(marks.items()):
        if len(nodes) < FEWEST_MARKS:
            continue
        name = f"s{number}"
        marker = Element(
            MARKER, {"id": name, "markerUnits": "userSpaceOnUse", "overflow": "visible"}
        )
        marker.append(Element(PATH, dict(look)))
        line = {"d": "M" + " ".join(place for _, place in nodes), "fill": "none", "stroke": "none"}
        for end in ("start", "mid", "end"):
            line[f"marker-{end}"] = f"url(#{name})"
        first = list(parent).index(nodes[0][0])
        parent[first : first + 1] = [marker, Element(PATH, line)]
        for node, _ in nodes[1:]:
            parent.remove(node)
