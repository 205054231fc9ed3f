"""What the press asks of this project: how a scenario is described, what reports need, and the
pages that no notebook makes. See press/domain.py.

Nothing heavy is imported before it is used: a build that has nothing to do takes no time.
"""

import csv
import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from analysis.press import html
from analysis.press.domain import (
    Cell,
    Column,
    Description,
    Domain,
    ExtraLink,
    ExtraPage,
    Forward,
    Summary,
    Sweep,
)
from analysis.press.records import Answer, ReportRecord

PACKAGE = Path(__file__).parents[1]
FACTS = PACKAGE / "facts"
TEMPLATES = Path(__file__).with_name("templates")
# Rooms whose modules notebooks import; an optimiser and a sampler load with calibration, not here.
NOTEBOOK_ROOMS = ("laws", "facts", "scenario", "model", "questions", "pages")


def describe(scenario: str) -> Description:
    """A scenario in its own words, read as strictly as notebooks read it: what nothing can serve as
    promised is refused here and not in a cell.
    """
    from analysis.model.answerable import unanswerable
    from analysis.pages.index_rows import group
    from analysis.pages.inputs import stated_values
    from analysis.scenario.errors import ScenarioError
    from analysis.scenario.scenario import load

    try:
        case = load(scenario, further=unanswerable)
    except ScenarioError as error:
        return Description("", "", "", tuple(error.faults))
    stated = stated_values(case)
    return Description(case.title, case.question, str(case.as_of), (), group(case), stated)


def sweep(scenario: str, swept: Mapping[str, Sequence]) -> Sweep:
    """The combinations of a sweep, read strictly; ScenarioError with every fault."""
    from analysis.scenario.combinations import combinations, key_words, sweep_name

    found = combinations(scenario, swept)
    case = found[0].case
    words = " and ".join(word.replace("_", " ") for word in key_words(list(swept)).values())
    return Sweep(
        sweep_name(case.name, swept),
        f"{case.title}, over {words}",
        tuple((each.name, each.chosen) for each in found),
    )


def answer_values(files: Sequence[dict]) -> Mapping[str, Cell]:
    """The columns of an answer in the table of all scenarios, as those of a sweep.

    Read of the record as it was written, without the rooms behind it: a build with nothing to do
    asks for this, and is to start no numpy.
    """
    from analysis.questions.answer_row import answer_row

    for file in files:
        if file["name"] == "answer.json":
            try:
                return answer_row(file["content"])
            except (KeyError, IndexError, TypeError) as fault:
                raise ValueError(f"answer.json was written by another version: {fault}") from None
    return {}


def warm() -> None:
    """Import what notebooks import, and evaluate the reference scenario once."""
    import pandas as pd

    # Tables of facts are short: Arrow's strings cost a report a sixth more.
    pd.set_option("mode.string_storage", "python")
    import analysis

    for room in NOTEBOOK_ROOMS:
        package = importlib.import_module(f"analysis.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)

    from analysis.pages import outputs
    from analysis.pages.charts import theme
    from analysis.questions import claim, cost, energy, forecast_scores

    theme.use()
    case = analysis.load("reference")
    analysis.evaluate(case)
    forecast_scores.scorecard(case.as_of)
    claim.across_workloads(case)
    cost.totals(case)
    energy.energy_by_batch()
    for template in TEMPLATES.glob("*.md"):
        outputs.parsed(template.name)


def summarise(headline: Answer, group: str, files: Sequence[dict]) -> Summary:
    """What a row of the index says; see index_rows.py."""
    from analysis.pages import index_rows

    return index_rows.summarise(headline, group, files)


def changed(before: Answer, now: Answer) -> str:
    """What an answer was before; see index_rows.py."""
    from analysis.pages import index_rows

    return index_rows.changed(before, now)


def forward(scenario: str, records: Sequence[ReportRecord]) -> Forward:
    """Board paper, workbook and e-mail of a scenario; see board.py."""
    from analysis.pages import board

    return board.forward(scenario, records, TEMPLATES)


def source_pages() -> Iterator[ExtraPage]:
    """A page for each source with every fact that rests on it, and their list."""
    tables = {path.stem: _rows(path) for path in sorted(FACTS.glob("*.csv"))}
    sources = tables.pop("sources")
    uses: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for name, rows in tables.items():
        for row in rows:
            stated = {key: value for key, value in row.items() if key and value}
            uses.setdefault(stated.pop("source", ""), []).append((name, stated))
    for source in sources:
        page = html.fill_frame(
            "source.html",
            title=source["title"],
            site_name=DOMAIN.name,
            folder=TEMPLATES,
            source=source,
            groups=_groups(uses.get(source["source"], [])),
        )
        yield ExtraPage(f"sources/{source['source']}.html", page)
    counted = [{**source, "count": len(uses.get(source["source"], []))} for source in sources]
    page = html.fill_frame(
        "sources.html",
        title="Sources",
        site_name=DOMAIN.name,
        folder=TEMPLATES,
        sources=counted,
    )
    yield ExtraPage("sources/index.html", page)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _groups(used: list[tuple[str, dict[str, str]]]) -> list[tuple[str, list[str], list[dict]]]:
    """The rows that rest on a source, by table: its name, the columns in use, the rows."""
    groups = []
    for name, pairs in groupby(sorted(used, key=lambda pair: pair[0]), lambda pair: pair[0]):
        rows = [row for _, row in pairs]
        columns: dict[str, None] = {}
        for row in rows:
            columns |= dict.fromkeys(row)
        groups.append((name, list(columns), rows))
    return groups


DOMAIN = Domain(
    name="Passthrough",
    root=PACKAGE.parent,
    inputs=(PACKAGE, PACKAGE.parent / "params/reference.yml"),
    title="What does the announcement buy?",
    lead=(
        "Each row is a buyer's question, what to do, and one number that counts for that buyer. "
        "The range behind it holds four outcomes in five."
    ),
    columns=(
        Column("efficiency", "what each option serves"),
        Column("cost", "what it costs"),
        Column("rollout", "when it comes"),
    ),
    links=(
        ExtraLink(
            "sources/index.html",
            "Sources",
            "every publication that a number rests on, with the numbers taken from it",
        ),
        ExtraLink(
            "moved.html",
            "Why answers moved",
            "each scenario's answer before and now, and which tables, beliefs or code moved it",
            is_optional=True,
        ),
    ),
    describe=describe,
    warm=warm,
    extra_pages=source_pages,
    groups=("Owns chips", "Rents chips", "Buys tokens from an API", "Short of power"),
    value_caption="largest saving",
    summarise=summarise,
    changed=changed,
    forward=forward,
    sweep=sweep,
    answer_values=answer_values,
)
