"""The style sheet with which pandas begins a styled table: what of it may stand on a page."""

import re
from dataclasses import dataclass
from functools import cached_property

from analysis.press import storage

# Before all else and right before its table: there no cell's text can be.
_LEADING = re.compile(r'\s*<style type="text/css">([^<]*)</style>\s*(?=<table id="(T_\w+)")')
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
# Inside the table: names, classes and states, but nothing that leads to what stands beside it.
_STEP = r"[\w\s.#>-]|:(?:hover|(?:first|last|only)-(?:child|of-type)|nth-child\([\dn +-]*\))"
_SELECTOR = re.compile(rf"#(T_\w+)((?:{_STEP})*)")
_VALUE = re.compile(r"[\w\s.,#%()+-]*")
_FUNCTION = re.compile(r"([\w-]*)\(")
_FUNCTIONS = {"hsl", "hsla", "linear-gradient", "rgb", "rgba", "var"}
_BORDERS = {f"border-{side}" for side in ("top", "right", "bottom", "left")}
PROPERTIES = _BORDERS | {
    "background",
    "background-color",
    "border",
    "border-collapse",
    "caption-side",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "max-width",
    "min-width",
    "padding",
    "table-layout",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
    "width",
}


@dataclass(frozen=True)
class TableStyle:
    """The sheet of one table, and the table's name on the page.

    `table` is the name that the writer gave; `name` is made of the sheet, so that no sheet reaches
    a table that has another.
    """

    table: str
    name: str
    css: str

    @cached_property
    def _asked_for(self) -> frozenset[str]:
        return frozenset(re.findall(r"#(\w+)", self.css))

    def id_on_page(self, written: str) -> str | None:
        """The id of the table or of a cell on the page; None where no rule asks for it."""
        if written == self.table:
            return self.name
        if not written.startswith(f"{self.table}_"):
            return None
        named = self.name + written.removeprefix(self.table)
        return named if named in self._asked_for else None

    @cached_property
    def uses_classes(self) -> bool:
        """Whether a rule asks for classes of cells."""
        return "." in re.sub(r"\{[^{}]*\}", "", self.css)


def split_style(text: str) -> tuple[TableStyle | None, str]:
    """The style of the table that an output is, and its HTML without it; None where it has none.

    A sheet that stands anywhere else is no writer's, but some cell's text.
    """
    found = _LEADING.match(text)
    if found is None:
        return None, text
    table, rest = found[2], text[found.end() :]
    rules = [_rule(table, *rule.groups()) for rule in _RULE.finditer(found[1])]
    sheet = "\n".join(rule for rule in rules if rule)
    if not sheet:
        return None, rest
    name = f"T_{storage.digest(sheet)[:8]}"
    return TableStyle(table, name, re.sub(rf"#{table}(?=\b|_)", f"#{name}", sheet)), rest


def _rule(table: str, selectors: str, declarations: str) -> str:
    """One rule for this table and what is in it; blank where it reaches further or asks more."""
    for selector in selectors.split(","):
        found = _SELECTOR.fullmatch(selector.strip())
        if found is None or not (found[1] == table or found[1].startswith(f"{table}_")):
            return ""
    kept = [each.strip() for each in declarations.split(";") if _may_stand(each)]
    return f"{selectors.strip()} {{{'; '.join(kept)}}}" if kept else ""


def _may_stand(declaration: str) -> bool:
    name, _, value = declaration.partition(":")
    functions = set(_FUNCTION.findall(value.lower()))
    is_known = name.strip().lower() in PROPERTIES and functions <= _FUNCTIONS
    return is_known and _VALUE.fullmatch(value) is not None
