"""The pages about all reports: index, tables of every answer, sources, feed. Built from the records
alone.
"""

import csv
import io
import json
from itertools import groupby
from pathlib import Path

from analysis.press import html as page
from analysis.press import storage as store
from analysis.press.jobs import ordered, page_name, record_name

FIELDS: tuple = (
    "scenario",
    "notebook",
    "heading",
    "question",
    "as_of",
    "headline",
    "value",
    "low",
    "high",
    "unit",
)
FIELDS += ("verdict", "status")
TAKEN = ("notebook", "quantity", "option", "unit", "low", "mid", "high")
FACTS = Path(__file__).parents[1] / "facts"


def records(output: str, planned: list | None = None) -> list[dict]:
    """Every record of the site, by scenario and notebook; what is not `planned` any more is removed
    with its page.
    """
    wanted = {record_name(job) for job in planned} if planned else None
    found = []
    for name in (name for name in store.names(output, ".records") if name.endswith(".json")):
        record = json.loads(store.get(output, name) or b"{}")
        if wanted is None or name in wanted:
            found.append(record)
            continue
        for gone in (page_name(record), page_name(record, ".failed.ipynb"), name):
            store.drop(output, gone)
    return sorted(found, key=lambda record: (record["scenario"], record["notebook"]))


def tables(output: str, found: list[dict]) -> str:
    """Write results.csv and .parquet, and for each scenario numbers.csv and forecasts.json; give a
    digest of all.
    """
    asked = [(answer(record), record) for record in found if record["scenario"]]
    rows = [
        {field: said.get(field, "") for field in FIELDS} | {"status": r["status"]}
        for said, r in asked
    ]
    texts = {"results.csv": _csv(FIELDS, rows)}
    for scenario, records in groupby(found, lambda record: record["scenario"]):
        group = list(records)
        taken = [
            {"notebook": r["notebook"], **row}
            for r in group
            for row in answer(r).get("numbers", [])
        ]
        if scenario and taken:
            texts[f"{scenario}/numbers.csv"] = _csv(TAKEN, taken)
        registers = [told for r in group for told in answer(r).get("forecasts", [])]
        if scenario and registers:
            texts[f"{scenario}/forecasts.json"] = (
                json.dumps(registers, indent=1, sort_keys=True) + "\n"
            )
    changed = [name for name, text in texts.items() if store.get(output, name) != text.encode()]
    for name in changed:
        store.put(output, name, texts[name])
    if "results.csv" in changed or store.size(output, "results.parquet") is None:
        store.put(output, "results.parquet", _parquet(rows))
    return store.digest(*texts, *texts.values())


def answer(record: dict) -> dict:
    """The record of the page that stands: a failed report leaves the one before it."""
    named = {key: record[key] for key in ("scenario", "notebook")}
    return record if record["status"] == "ok" else (record.get("last") or {}) | named


def _csv(fields, rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fields, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(
        {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows
    )
    return out.getvalue()


def _parquet(rows: list[dict]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {
        field: pa.float64() if field in ("value", "low", "high") else pa.string()
        for field in FIELDS
    }
    columns = {
        f: pa.array([None if row[f] == "" else row[f] for row in rows], kind)
        for f, kind in kinds.items()
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def pages(output: str, found: list[dict], common: str, shared: str, force: bool = False) -> None:
    """Chart library, sources, feed and, last, the index; nothing where nothing changed."""
    state = store.digest(common, shared, json.dumps(found, sort_keys=True))
    if (
        not force
        and store.get(output, ".records/site") == state.encode()
        and store.size(output, "index.html")
    ):
        return
    if shared and store.size(output, shared) is None:
        import gzip

        store.put(output, shared, gzip.decompress(page.library()))
    sources(output, common)
    _write(
        output, ("feed.xml", _feed(found)), ("index.html", _index(found)), (".records/site", state)
    )


def sources(output: str, common: str, force: bool = False) -> None:
    """The pages of all sources of facts; nothing where no fact and no template changed."""
    told = force or store.get(output, ".records/sources") != common.encode()
    if told or not store.size(output, "sources/index.html"):
        _write(output, *_sources(), (".records/sources", common))


def _write(output: str, *texts: tuple[str, str]) -> None:
    """Write those that are not there already, in order."""
    for name, text in texts:
        if store.get(output, name) != text.encode():
            store.put(output, name, text)


def _index(found: list[dict]) -> str:
    order = ordered(r["notebook"] for r in found if r["scenario"])
    rows = []
    for scenario, group in groupby(
        (r for r in found if r["scenario"]), lambda record: record["scenario"]
    ):
        cells = {record["notebook"]: _shown(record) for record in group}
        first = next((c for c in cells.values() if c.get("heading")), {})
        about = {key: first.get(key, "") for key in ("heading", "question", "as_of")}
        rows.append(about | {"scenario": scenario, "cells": [cells.get(name) for name in order]})
    once = [_shown(record) for record in found if not record["scenario"]]
    return page.frame(
        "index.html", notebooks=order, rows=rows, once=once, title="All answers", root=""
    )


def _shown(record: dict) -> dict:
    """What the index shows of a report."""
    from analysis.pages.numbers import Shown

    said = answer(record) | {
        "status": record["status"],
        "error": record.get("error"),
        "page": page_name(record),
    }
    if said.get("value") is not None and "unit" in said:
        shown = Shown((said["low"], said["value"], said["high"]), said["unit"])
        said |= {"mid": shown.mid, "range": shown.range if shown.low != shown.high else ""}
    return said


def _sources():
    """A page for each source with every fact that rests on it, and their list."""
    tables = {
        path.stem: list(csv.DictReader(path.open(encoding="utf-8")))
        for path in sorted(FACTS.glob("*.csv"))
    }
    known, uses = tables.pop("sources", []), {}
    for name, rows in tables.items():
        for row in rows:
            told = {key: value for key, value in row.items() if key and value and key != "source"}
            uses.setdefault(row.get("source") or "", []).append({"table": name} | told)
    for source in known:
        used = sorted(uses.get(source["source"], []), key=lambda row: row["table"])
        groups = [(name, list(rows)) for name, rows in groupby(used, lambda row: row["table"])]
        groups = [
            (name, list(dict.fromkeys(k for row in rows for k in row))[1:], rows)
            for name, rows in groups
        ]
        html = page.frame(
            "source.html", source=source, groups=groups, title=source["title"], root="../"
        )
        yield f"sources/{source['source']}.html", html
    counted = [source | {"count": len(uses.get(source["source"], []))} for source in known]
    yield (
        "sources/index.html",
        page.frame("sources.html", sources=counted, title="Sources", root="../"),
    )


def _feed(found: list[dict]) -> str:
    """Atom (RFC 4287): an entry an answer, whose id changes with the answer, so that a reader shows
    what moved.
    """
    said = [answer(record) for record in found if answer(record).get("headline")]
    said.sort(key=lambda r: (not r.get("was"), r["scenario"], r["notebook"]))
    for record in said:
        changing = (str(record.get(key)) for key in ("headline", "value", "low", "high"))
        record |= {
            "mark": store.digest(*changing),
            "page": page_name(record),
            "moment": _moment(record),
        }
    latest = max((record["moment"] for record in said), default=_moment({}))
    return page.parsed("feed.xml").render(latest=latest, entries=said[:200])


def _moment(record: dict) -> str:
    return f"{record.get('as_of') or '1970-01-01'}T00:00:00Z"
