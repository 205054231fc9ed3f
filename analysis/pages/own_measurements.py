"""What a scenario's own measurements moved, as a table below that of the options."""

from pathlib import Path

from analysis.pages.numbers import number
from analysis.pages.outputs import Output, table_text
from analysis.pages.words import plain
from analysis.questions.own_measurements import moved
from analysis.scenario.scenario import Scenario

HEADS = ["Option", "output tokens/s a chip, without", "with", "change", "width of the range"]


def own_measurements(case: Scenario) -> Output | None:
    """How many measured rows moved what by how much; nothing where the scenario names none."""
    found = moved(case)
    if found is None:
        return None
    rows = [
        [
            "today" if place == 0 else plain(row["name"]),
            number(row["without"]),
            number(row["with"]),
            f"{row['ratio']:.2f}×",
            f"{row['width_ratio']:.2f}×",
        ]
        for place, row in enumerate(found.options.to_dict("records"))
    ]
    count = "One measured row" if found.rows == 1 else f"{found.rows} measured rows"
    verb = "corrects" if found.rows == 1 else "correct"
    lead = (
        f"{count} of {plain(Path(case.own_file).name)} {verb} these figures. Options change as far "
        "as they share the model, the chips or the engine with what was measured."
    )
    return Output(f"{lead}\n\n{table_text(rows, HEADS)}")
