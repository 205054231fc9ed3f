"""The claims on file, and their ledgers: what is known of each statement on a day."""

from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from analysis.facts import sources
from analysis.scenario.blanks import blank_faults
from analysis.scenario.claim_checks import faults_of, run
from analysis.scenario.claim_records import Claim, Statement, Verdict
from analysis.scenario.errors import refuse
from analysis.scenario.records import checked
from analysis.scenario.yaml_file import read

CLAIMS = Path(__file__).parents[1] / "facts" / "claims"
GRAVEST: tuple[Verdict, ...] = ("fails", "cannot be told", "holds")  # the first of these decides
# Kinds of checks that support what they do not refute; the others only agree with themselves.
SUPPORTING = {"measurement", "model", "record"}
SUPPORTED, AS_ARITHMETIC = "is supported", "holds as arithmetic"


def claims() -> list[str]:
    """Names of the claims on file."""
    return sorted(path.stem for path in CLAIMS.glob("*.yml"))


@cache
def claim_about(product: str) -> str | None:
    """The name of the claim that announces a product of launches.csv; None where there is none."""
    for name in claims():
        if claim(name).product == product:
            return name
    return None


@cache
def claim(name: str) -> Claim:
    """Read a claim strictly, by name or path.

    Raises ScenarioError, which names file, line, key and nearest valid name of each fault.
    """
    path = Path(name) if name.endswith((".yml", ".yaml")) else CLAIMS / f"{name}.yml"
    values, where = read(path, path.name)
    refuse(where, blank_faults(values))
    record = checked(Claim, values, where)
    refuse(where, faults_of(record))
    return record


def ledger(claimed: Claim, as_of: date) -> pd.DataFrame:
    """A claim's statements, a row each: verdict, evidence, sources, what would settle it.

    Column `standing` tells a statement that is supported by what was measured, recorded or modelled
    from one that holds as arithmetic alone: sums, dates and data sheets that agree with themselves
    support nothing. Column `due` is `settled`, `open`, or `overdue` where the day of settling is
    before `as_of`.
    """
    rows = [
        _ledger_row(claimed, number, statement, as_of)
        for number, statement in enumerate(claimed.statements, 1)
    ]
    return pd.DataFrame(rows)


def _ledger_row(claimed: Claim, number: int, statement: Statement, as_of: date) -> dict:
    results = [run(claimed, check) for check in statement.checks]
    publishers = [sources()["publisher"][check.source] for check in statement.checks]
    resolution = statement.resolution
    due = "overdue" if resolution.by < as_of else "open"
    if statement.status == "settled":
        due = "settled"
    verdict = min((verdict for verdict, _ in results), key=GRAVEST.index)
    kinds = {check.kind for check in statement.checks}
    standing: str = verdict
    if verdict == "holds":
        standing = SUPPORTED if kinds & SUPPORTING else AS_ARITHMETIC
    return {
        "number": number,
        "id": statement.id,
        "says": statement.says,
        "verdict": verdict,
        "standing": standing,
        "evidence": " ".join(evidence for _, evidence in results),
        "kind": ", ".join(dict.fromkeys(check.kind for check in statement.checks)),
        "publisher": ", ".join(dict.fromkeys(publishers)),
        "due": due,
        **resolution.model_dump(),
    }
