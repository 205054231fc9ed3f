"""What reports depend on, as digests: code and facts for all of them, further files for some."""

import io
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.press import storage
from analysis.press.domain import Domain
from analysis.press.records import Input

SUFFIXES = {".py", ".csv", ".yml", ".json", ".html", ".xml", ".md", ".css", ".js", ".gz"}
PRESS = Path(__file__).parent


def common_digest(domain: Domain) -> str:
    """A digest of what every report depends on: the domain's inputs, the press, Python and the
    installed versions.
    """
    files = {f"press/{path.relative_to(PRESS)}": path for path in _files_below(PRESS)}
    for each in domain.inputs:
        for path in _files_below(each):
            files[os.path.relpath(path, domain.root)] = path
    parts: list[bytes | str] = [sys.version, sys.platform, platform.machine()]
    for folder in sys.path:
        if folder.endswith("site-packages"):
            parts += sorted(entry.name for entry in Path(folder).glob("*.dist-info"))
    for name in sorted(files):
        parts += [name, files[name].read_bytes()]
    return storage.digest(*parts)


def _files_below(path: Path) -> list[Path]:
    """A file, or the files of a folder that reports can depend on."""
    if path.is_file():
        return [path]
    return [file for file in sorted(path.rglob("*")) if file.suffix in SUFFIXES]


class InputReader:
    """Digests of files below a root; each file is read once in the reader's life."""

    def __init__(self, root: Path):
        self.root = root
        self._file_digests: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def input(self, path: str, keys: Iterable[str] = ()) -> Input:
        """The input as it lies on the disk now; a file that is missing or unreadable has the digest
        of nothing.
        """
        keys = tuple(sorted(keys))
        file_digest = self._file_digest(path)
        digest = self._key_digest(path, keys) if keys else file_digest
        return Input(path, keys, digest, file_digest)

    def renewed(self, recorded: Input) -> Input | None:
        """The input as it is now, where what was read of it is the same; None where it changed."""
        file_digest = self._file_digest(recorded.path)
        if file_digest == recorded.file_digest:
            return recorded
        if recorded.keys and self._key_digest(recorded.path, recorded.keys) == recorded.digest:
            return replace(recorded, file_digest=file_digest)
        return None

    def _file_digest(self, path: str) -> str:
        if path not in self._file_digests:
            if "*" in path:
                names = sorted(str(found.relative_to(self.root)) for found in self.root.glob(path))
                self._file_digests[path] = storage.digest(*names)
            else:
                file = self.root / path
                content = file.read_bytes() if file.is_file() else b""
                self._file_digests[path] = storage.digest(content)
        return self._file_digests[path]

    def _key_digest(self, path: str, keys: tuple[str, ...]) -> str:
        if path not in self._values:
            self._values[path] = _yaml_values(self.root / path)
        values = self._values[path]
        if values is None:  # it cannot be read in parts, so each change of it counts
            return self._file_digest(path)
        stated = {key: values[key] for key in keys if key in values}
        return storage.digest(json.dumps(stated, sort_keys=True, default=str))


def _yaml_values(path: Path) -> Mapping[str, Any] | None:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        values = YAML(typ="safe", pure=True).load(io.StringIO(path.read_text("utf-8-sig")))
    except (OSError, ValueError, YAMLError):
        return None
    return values if isinstance(values, dict) else None


def inputs_of(outputs: Iterable[Mapping], reader: InputReader, since: float) -> tuple[Input, ...]:
    """The inputs that outputs of a notebook name, each once, as they lie on the disk.

    `outputs` are payloads {"inputs": [{"path": ..., "keys": [...]}]}. A file that changed `since`
    that moment (seconds of the epoch) may not be the one that the notebook read: its digest is
    blank, so that the next build makes the report again.
    """
    keys_of: dict[str, set[str]] = {}
    whole: set[str] = set()
    for payload in outputs:
        for each in payload["inputs"]:
            keys = set(each.get("keys", ()))
            keys_of.setdefault(each["path"], set()).update(keys)
            if not keys:
                whole.add(each["path"])
    inputs = []
    for path in sorted(keys_of):
        found = reader.input(path, () if path in whole else keys_of[path])
        file = reader.root / path
        if file.is_file() and file.stat().st_mtime > since:
            found = replace(found, digest="", file_digest="")
        inputs.append(found)
    return tuple(inputs)
