"""Store every answer of the project, and compare later answers with them: for changes that move
none.

python tests/answers.py store FILE      evaluates all scenarios, builds their reports, keeps them
python tests/answers.py compare FILE    does the same, prints what differs; status 1 if any does

An answer is: the quantiles of every quantity of every option, each report's headline and numbers,
the words and the chart data of each page, predictions of 2,000 serving points, and the methodology
as a set of laws.
"""

import base64
import csv
import html
import json
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np

import analysis as an
from analysis.facts import table
from analysis.press.records import report_name

ROOT = Path(__file__).parents[1]
POINTS = 2000
# Names that changed, old to new: the same quantity under a better name is no difference.
RENAMED: dict[str, str] = {}


def quantities() -> dict:
    """P10, P50 and P90 of every quantity, by scenario, option and name."""
    answers = {}
    for name in an.scenarios():
        draws = an.evaluate(an.load(name))
        for option, rows in draws.groupby(level="option", sort=False):
            ends = np.quantile(rows.to_numpy(), [0.1, 0.5, 0.9], axis=0)
            for column, values in zip(rows, ends.T, strict=True):
                answers[f"{name} {option} {renamed(column)}"] = [f"{value:.9g}" for value in values]
    return answers


def predictions() -> dict:
    """Predictions of the first serving points of the project's table, digits that do not depend on
    a processor.
    """
    rows = table("serving").head(POINTS)
    answered = an.predict(rows.assign(concurrency=rows["concurrency"].fillna(1)))
    added = [name for name in answered if name not in rows]
    return {
        name: [value if isinstance(value, str) else f"{value:.9g}" for value in answered[name]]
        for name in added
    }


def methodology() -> list:
    """The laws as a set: name, unit and what each depends on."""
    rows = an.explain()
    laws = []
    for quantity, unit, arguments in rows[["quantity", "unit", "from"]].itertuples(index=False):
        names = sorted(renamed(name) for name in arguments.split(", "))
        laws.append([renamed(quantity), unit, ", ".join(names)])
    return sorted(laws)


def reports() -> dict:
    """Headlines, numbers, words and chart data of all reports, built anew."""
    answers: dict = {}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "analysis", "report", "--output", folder]
        subprocess.run(command, cwd=ROOT, check=True)
        for path in sorted(Path(folder).glob(".records/*/*.json")):
            record = json.loads(path.read_text())
            page = record["page"]
            answer = page["answer"] or {}
            kept = {key: answer.get(key) for key in ("headline", "value", "low", "high", "unit")}
            kept |= {"verdict": answer.get("verdict")}
            kept |= {"numbers": page["numbers"], "forecasts": page["forecasts"]}
            answers[f"record {report_name(record['scenario'], record['notebook'])}"] = kept
        for path in sorted(Path(folder).rglob("*.csv")):
            with path.open() as file:
                answers[f"table {path.relative_to(folder)}"] = list(csv.reader(file))
        for path in sorted(Path(folder).rglob("*.html")):
            name = str(path.relative_to(folder))
            if not name.startswith("sources/"):
                answers[f"page {name}"] = words(path.read_text())
    return answers


def words(page: str) -> list[str]:
    """What a page says, a line a block, without code; then the data of its charts."""
    charts = re.findall(r'data-spec="([^"]+)"', page)
    body = page.partition("<body")[2]
    for skipped in (
        r"<script.*?</script>",
        r"<style.*?</style>",
        r'<pre class="source">.*?</pre>',
        r"<img[^>]*>",
    ):
        body = re.sub(skipped, "", body, flags=re.S)
    text = html.unescape(re.sub(r"<[^>]+>", "\n", body))
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    for packed in charts:
        spec = json.loads(zlib.decompress(base64.b64decode(packed)))
        lines += [json.dumps(rows, sort_keys=True) for rows in datasets(spec)]
    return lines


def datasets(spec) -> list:
    """Every table of values in a chart's specification."""
    found = []
    if isinstance(spec, dict):
        found += [spec["values"]] if isinstance(spec.get("values"), list) else []
        found += list(spec["datasets"].values()) if isinstance(spec.get("datasets"), dict) else []
        for inner in spec.values():
            found += datasets(inner)
    elif isinstance(spec, list):
        for inner in spec:
            found += datasets(inner)
    return found


def renamed(name: str) -> str:
    """A quantity under its present name."""
    return RENAMED.get(name, name)


def differences(before, after, place: str = "") -> list[str]:
    """Where two trees of answers differ, each with its old and its new value."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        found = [differences(before.get(n), after.get(n), f"{place}/{n}") for n in names]
        return [line for lines in found for line in lines]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        found = [differences(old, new, f"{place}[{at}]") for at, (old, new) in pairs]
        return [line for lines in found for line in lines]
    return [] if before == after else [f"{place}: {str(before)[:300]} -> {str(after)[:300]}"]


def main(command: str, file: str) -> int:
    """Store or compare; the number of differences, at most 1, is the exit status."""
    answers = {
        "quantities": quantities(),
        "predictions": predictions(),
        "laws": methodology(),
        "reports": reports(),
    }
    if command == "store":
        Path(file).write_text(json.dumps(answers, indent=1))
        return 0
    before = json.loads(Path(file).read_text())
    before["quantities"] = {
        " ".join([*name.split(" ")[:2], renamed(name.split(" ")[2])]): value
        for name, value in before["quantities"].items()
    }
    before["laws"] = sorted(
        [renamed(name), unit, ", ".join(sorted(renamed(a) for a in arguments.split(", ")))]
        for name, unit, arguments in before["laws"]
    )
    found = differences(before, json.loads(json.dumps(answers)))
    print(*found, sep="\n")
    print(f"{len(found)} differences")
    return min(len(found), 1)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("store", "compare"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
