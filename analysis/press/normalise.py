"""Takes out of an executed notebook every byte that differs between two runs of the same inputs."""

import os
import re
import sys
from collections.abc import Iterator

# What two runs print differently: addresses, temporary files of a kernel, pandas' random table ids.
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_CELL_FILE = re.compile(r"(?<!\S)\S*ipykernel_\d+/\d+\.py|<ipython-input-\d+-[0-9a-f]+>")
# A warning names the file that it comes from, with the folders of this machine.
_SOURCE_FILE = re.compile(r"(?<![\w.:/<])/(?:[^\s:'\"<>/]+/)*([^\s:'\"<>/]+\.py)(?=:\d+)")
_TABLE_ID = re.compile(r"\bT_([0-9a-f]{5,32})(?=[_\"\s{.])")


def normalise(notebook: dict) -> dict:
    """The notebook, changed in place: no times, no addresses, table ids in their order."""
    table_ids: dict[str, str] = {}

    def numbered(found: re.Match) -> str:
        return "T_" + table_ids.setdefault(found[1], f"{len(table_ids):05x}")

    notebook["metadata"].pop("papermill", None)
    for cell in notebook["cells"]:
        for key in ("papermill", "execution"):
            cell["metadata"].pop(key, None)
        if "injected-parameters" in cell["metadata"].get("tags", []):
            cell["id"] = "injected-parameters"
        cell["outputs"] = _join_streams(cell.get("outputs", []))
        for output in cell["outputs"]:
            for holder, key in _texts(output):
                text = _ADDRESS.sub("0x0", holder[key])
                text = _without_folders(_CELL_FILE.sub("<cell>", text))
                holder[key] = _TABLE_ID.sub(numbered, text)
    return notebook


def _without_folders(text: str) -> str:
    """The text with paths of modules as they are imported, and of other sources by name alone."""
    if ".py:" not in text:
        return text
    for folder in sorted(map(os.path.abspath, filter(None, sys.path)), key=len, reverse=True):
        if len(folder) > 1:
            text = text.replace(f"{folder}{os.sep}", "")
    return _SOURCE_FILE.sub(r"\1", text)


def _join_streams(outputs: list[dict]) -> list[dict]:
    """Between two displays standard output as one, then standard error as one: a kernel cuts them
    by the clock.
    """
    joined: list[dict] = []
    texts = {"stdout": "", "stderr": ""}

    def end_of_streams() -> None:
        for name, text in texts.items():
            if text:
                joined.append({"output_type": "stream", "name": name, "text": text})
                texts[name] = ""

    for output in outputs:
        if output["output_type"] == "stream":
            texts[output["name"]] += output["text"]
        else:
            end_of_streams()
            joined.append(output)
    end_of_streams()
    return joined


def _texts(output: dict) -> Iterator[tuple[dict, str]]:
    """Where an output holds text: a mapping and the key in it."""
    if "text" in output:
        yield output, "text"
    data = output.get("data", {})
    for kind, content in data.items():
        if isinstance(content, str):
            yield data, kind
