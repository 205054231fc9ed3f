"""The pages about all reports: index, tables of every answer, sources, feed. Built from the records alone."""

import csv
import io
import json
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from analysis.report import page, store
from analysis.report.job import ordered, page_name, record_name

FIELDS: tuple = ("scenario", "notebook", "heading", "question", "as_of", "headline", "value", "low", "high", "unit")
FIELDS += ("verdict", "status")
TAKEN = ("notebook", "quantity", "option", "unit", "low", "mid", "high")
FACTS = Path(__file__).parents[1] / "facts"


def records(output: str, planned: list | None = None) -> list[dict]:
    """Every record of the site, by scenario and notebook; what is not `planned` any more is removed with its page."""
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
    """Write results.csv and .parquet, and for each scenario numbers.csv and forecasts.json; give a digest of all."""
    rows = [
        {field: answer(record).get(field, "") for field in FIELDS} | {"status": record["status"]}
        for record in found
        if record["scenario"]
    ]
    texts = {"results.csv": _csv(FIELDS, rows)}
    for scenario, records in groupby(found, lambda record: record["scenario"]):
        group = list(records)
        taken = [{"notebook": r["notebook"], **row} for r in group for row in answer(r).get("numbers", [])]
        if scenario and taken:
            texts[f"{scenario}/numbers.csv"] = _csv(TAKEN, taken)
        registers = [told for r in group for told in answer(r).get("forecasts", [])]
        if scenario and registers:
            texts[f"{scenario}/forecasts.json"] = json.dumps(registers, indent=1, sort_keys=True) + "\n"
    changed = [name for name, text in texts.items() if store.get(output, name) != text.encode()]
    for name in changed:
        store.put(output, name, texts[name])
    if "results.csv" in changed or store.size(output, "results.parquet") is None:
        store.put(output, "results.parquet", _parquet(rows))
    return store.digest(*texts, *texts.values())


def answer(record: dict) -> dict:
    """The record of the page that stands: a failed report leaves the one before it."""
    return (
        record
        if record["status"] == "ok"
        else (record.get("last") or {}) | {k: record[k] for k in ("scenario", "notebook")}
    )


def _csv(fields, rows) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fields, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    return out.getvalue()


def _parquet(rows: list[dict]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {field: pa.float64() if field in ("value", "low", "high") else pa.string() for field in FIELDS}
    columns = {f: pa.array([None if row[f] == "" else row[f] for row in rows], kind) for f, kind in kinds.items()}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def pages(output: str, found: list[dict], common: str, shared: str, force: bool = False) -> None:
    """Chart library, sources, feed and, last, the index; nothing where nothing changed."""
    state = store.digest(common, shared, json.dumps(found, sort_keys=True))
    if not force and store.get(output, ".records/site") == state.encode() and store.size(output, "index.html"):
        return
    if shared and store.size(output, shared) is None:
        import gzip

        store.put(output, shared, gzip.decompress(page.library()))
    for name, text in (*_sources(), ("feed.xml", _feed(found)), ("index.html", _index(found))):
        if store.get(output, name) != text.encode():
            store.put(output, name, text)
    store.put(output, ".records/site", state)


def _index(found: list[dict]) -> str:
    order = ordered(r["notebook"] for r in found if r["scenario"])
    rows = []
    for scenario, group in groupby((r for r in found if r["scenario"]), lambda record: record["scenario"]):
        cells = {record["notebook"]: _shown(record) for record in group}
        first = next((c for c in cells.values() if c.get("heading")), {})
        about = {key: first.get(key, "") for key in ("heading", "question", "as_of")}
        rows.append(about | {"scenario": scenario, "cells": [cells.get(name) for name in order]})
    once = [_shown(record) for record in found if not record["scenario"]]
    return page.frame("index.html", notebooks=order, rows=rows, once=once, title="All answers", root="")


def _shown(record: dict) -> dict:
    """What the index shows of a report."""
    from analysis.report.text import number, text

    said = answer(record) | {"status": record["status"], "error": record.get("error"), "page": page_name(record)}
    if said.get("value") is not None and "unit" in said:
        said["mid"], said["range"] = (
            text(said["value"], said["unit"]),
            f"{number(said['low'])} to {number(said['high'])}",
        )
    return said


def _sources():
    """A page for each source with every fact that rests on it, and their list."""
    tables = {path.stem: list(csv.DictReader(path.open(encoding="utf-8"))) for path in sorted(FACTS.glob("*.csv"))}
    known, uses = tables.pop("sources", []), {}
    for name, rows in tables.items():
        for row in rows:
            uses.setdefault(row.get("source") or "", []).append(
                {"table": name} | {k: v for k, v in row.items() if k and v and k != "source"}
            )
    for source in known:
        used = sorted(uses.get(source["source"], []), key=lambda row: row["table"])
        groups = [(name, list(group)) for name, group in groupby(used, lambda row: row["table"])]
        groups = [
            (name, list(dict.fromkeys(k for row in rows for k in row if k != "table")), rows) for name, rows in groups
        ]
        yield (
            f"sources/{source['source']}.html",
            page.frame("source.html", source=source, groups=groups, title=source["title"], root="../"),
        )
    counted = [source | {"count": len(uses.get(source["source"], []))} for source in known]
    yield "sources/index.html", page.frame("sources.html", sources=counted, title="Sources", root="../")


def _feed(found: list[dict]) -> str:
    """Atom (RFC 4287): an entry an answer, whose id changes with the answer, so that a reader shows what moved."""
    said = [answer(record) for record in found if answer(record).get("headline")]
    said.sort(key=lambda r: (not r.get("was"), r["scenario"], r["notebook"]))
    latest = max((_moment(record) for record in said), default="1970-01-01T00:00:00Z")
    entries = "".join(_entry(record) for record in said[:200])
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Changed answers</title>'
        f"<id>urn:passthrough:answers</id><updated>{latest}</updated>"
        f"<author><name>Passthrough</name></author>\n{entries}</feed>\n"
    )


def _entry(record: dict) -> str:
    name = f"{record['scenario']}:{record['notebook']}"
    mark = store.digest(*(str(record.get(key)) for key in ("headline", "value", "low", "high")))
    was = f" It was: {record['was']['headline']}" if record.get("was") else ""
    return (
        f"<entry><title>{_xml(record['heading'])}: {record['notebook']}</title><id>urn:passthrough:{name}:{mark}</id>"
        f'<updated>{_moment(record)}</updated><link href="{page_name(record)}"/>'
        f"<summary>{_xml(record['headline'] + was)}</summary></entry>\n"
    )


def _moment(record: dict) -> str:
    return f"{record.get('as_of') or '1970-01-01'}T00:00:00Z"


def _xml(text: str) -> str:
    """Escaped, without the control characters that XML forbids."""
    return escape("".join(c for c in text if c >= " " or c in "\t\n"))
