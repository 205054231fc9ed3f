"""The way in for a shell: python -m analysis COMMAND. Each command imports what it needs when it
runs.
"""

# ruff: noqa: E402
import os
import sys

# `python -m` looks first into the folder in which it is started, where a json.py is not Python's
# and a folder called analysis not this package.
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:] = [ROOT, *(path for path in sys.path if os.path.abspath(path) != os.getcwd())]
if getattr(sys.modules.get("analysis"), "__file__", None) is None:
    sys.modules.pop("analysis", None)
# Typer checks options with pydantic, whose plugins have no say here; they take 11 ms to look for.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from analysis.scenario.draw_count import FEWEST, MOST, VARIABLE, stated_draws

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
# What the report factory knows of this project, where every process of a build finds it.
DOMAIN = "analysis.pages.site_hooks:DOMAIN"
Output = Annotated[Path | None, typer.Option(help="Where to write; standard output without it.")]


def example(arguments: str) -> str:
    """The last line of a command's help: it runs as printed, in the folder of the project."""
    return f"Example: python -m analysis {arguments}"


@app.command(epilog=example("check params/article.yml"))
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Scenarios and claims; all of the project's without any."),
    ] = None,
    stale: Annotated[
        int | None, typer.Option(min=0, help="List rows of facts older than so many days instead.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day of --stale; today without it."),
    ] = None,
):
    """Read facts, claims and scenarios strictly; print every fault with file, line and key."""
    from analysis.facts.check import check as facts
    from analysis.facts.stale import printed, stale_rows
    from analysis.model.answerable import unanswerable
    from analysis.scenario.check_files import check_files

    if stale is not None:
        day = (as_of or datetime.now()).date()
        print(printed(stale_rows(stale, day), stale, day))
        return
    found = facts() or check_files(paths, unanswerable)  # what rests on faulty tables is not read
    for fault in found:
        print(fault)
    raise typer.Exit(2 if found else 0)


class Kind(StrEnum):
    """What `new` can begin."""

    claim = "claim"
    scenario = "scenario"


@app.command(epilog=example("new scenario my-site"))
def new(
    kind: Annotated[Kind, typer.Argument(help="What to begin.")],
    name: Annotated[str, typer.Argument(help="Small letters, digits and dashes.")],
):
    """Write a commented skeleton of a claim or a scenario; `check` names the blanks in it."""
    from analysis.scenario.blanks import write_skeleton
    from analysis.scenario.claims import CLAIMS
    from analysis.scenario.scenario import PARAMS

    folder = CLAIMS if kind is Kind.claim else PARAMS
    print(write_skeleton(kind.value, name, folder))


@app.command(epilog=example("quotes tests/data/quotes.csv"))
def quotes(
    file: Annotated[str, typer.Argument(help="A CSV, or - for standard input.")],
    write: Annotated[
        Path | None, typer.Option(help="A scenario's file, to which the quotes are added.")
    ] = None,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of rows that have none.")
    ] = None,
    provider: Annotated[str, typer.Option(help="Take the quotes of one provider alone.")] = "",
    region: Annotated[str, typer.Option(help="Take those of one region alone.")] = "",
):
    """Read dated quotes of rents and print them as a scenario states them, or add them to one.

    The file has columns provider, chip, contract, usd_per_hour, date and source, or is a catalogue
    in SkyPilot's format (InstanceType, AcceleratorName, AcceleratorCount, Price, SpotPrice, Region)
    with --date. Chips are named as people write them. Of each chip and contract the newest quote
    stands, of several on one day the lowest; whatever is dropped is said with its reason.
    """
    from analysis.model.quotes import dropped_lines, read_quotes
    from analysis.scenario.scenario import load
    from analysis.scenario.write_quotes import NewQuote, add_quotes, quotes_text

    found = read_quotes(
        file,
        day=f"{date:%Y-%m-%d}" if date else "",
        provider=provider,
        region=region,
        as_of=load(write).as_of if write else None,
    )
    chosen = [
        NewQuote(each.chip, each.contract, each.usd_per_hour, each.day, each.source)
        for each in found.chosen
    ]
    said = add_quotes(write, chosen) if write else []
    if write is None:
        print(quotes_text(chosen), end="")
    notes = dict.fromkeys(each.note for each in found.chosen if each.note)
    for line in (*notes, *dropped_lines(found.dropped), *said):
        print(line, file=sys.stderr)


class Catalogue(StrEnum):
    """What `list` can show."""

    accelerators = "accelerators"
    models = "models"
    sites = "sites"
    prices = "prices"
    scenarios = "scenarios"


@app.command(name="list", epilog=example("list accelerators"))
def list_(
    what: Annotated[Catalogue, typer.Argument(help="What to list.")],
    output: Output = None,
):
    """List what can be asked about: names, aliases, what is known and what is missing, as a CSV."""
    import pandas as pd

    import analysis
    from analysis.press.harmless_cells import harmless

    if what is Catalogue.scenarios:
        cases = [analysis.load(name) for name in analysis.scenarios()]
        rows = pd.DataFrame([(case.name, case.title, case.question) for case in cases])
        rows.columns = ["name", "title", "question"]
    else:
        rows = getattr(analysis, what.value)()
    harmless(rows).to_csv(output or sys.stdout, index=False, float_format="%.6g")


@app.command(epilog=example("explain"))
def explain():
    """Print the methodology as a table: quantity, unit, from, law, source."""
    from rich.console import Console
    from rich.table import Table

    from analysis.model import explain as rows

    table = Table(*rows().columns, show_lines=True)
    for row in rows().itertuples(index=False):
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


@app.command(epilog=example("report article --notebook cost --output build/site"))
def report(
    scenarios: Annotated[
        list[str] | None, typer.Argument(help="Names or paths; all of params/ without any.")
    ] = None,
    notebook: Annotated[
        list[str] | None, typer.Option(help="Names or paths; all of notebooks/ without any.")
    ] = None,
    output: Annotated[str, typer.Option(help="A folder or an fsspec URL.")] = "reports",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Reports at a time; one a core without it.")
    ] = None,
    draws: Annotated[
        int | None, typer.Option(min=FEWEST, max=MOST, help="Draws a scenario.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Make fresh reports anew too.")] = False,
    keep_going: Annotated[bool, typer.Option(help="Go on after a failure.")] = True,
    engine: Annotated[str, typer.Option(help="fork, or kernel: stock Jupyter kernels.")] = "fork",
    assets: Annotated[
        str, typer.Option(help="inline, or shared: the chart library once beside the pages.")
    ] = "inline",
    timeout: Annotated[float | None, typer.Option(help="Seconds that a cell may take.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Address of a Dask scheduler.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Progress as a JSON line an event.")
    ] = False,
    pdf: Annotated[
        bool,
        typer.Option(
            "--pdf", help="Also a board paper, a workbook and an e-mail a scenario; by Chromium."
        ),
    ] = False,
    xlsx: Annotated[
        bool, typer.Option("--xlsx", help="Also the workbook and the e-mail; no browser.")
    ] = False,
    address: Annotated[
        str, typer.Option(help="Where the site will stand, for links in e-mails.")
    ] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=V1,V2",
            help="Sweep a key of the scenario over these values; several make every combination. "
            "One page for all, and pages of each for every --notebook.",
        ),
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            metavar="REF",
            help="Also a page that says why answers moved since REF, a git revision or the folder "
            "of a kept site.",
        ),
    ] = "",
    watch: Annotated[
        bool, typer.Option(help="Build again at each change of a file, until interrupted.")
    ] = False,
):
    """Render every notebook for every scenario, then the index; only what changed."""
    from analysis.press import forwards
    from analysis.press.build import build
    from analysis.press.watch import watch as build_at_each_change

    if draws is None:
        stated_draws()  # else each process of the build would refuse it, with a traceback
    options: dict = {
        "domain": DOMAIN,
        "scenarios": scenarios or (),
        "notebooks": notebook or (),
        "output": output,
        "jobs": jobs,
        "force": force,
        "engine": engine,
        "assets": assets,
        "keep_going": keep_going,
        "timeout": timeout,
        "environment": {VARIABLE: str(draws)} if draws else {},
        "progress": "json" if as_json else "auto",
        "send": forwards.ALL if pdf else (forwards.NUMBERS, forwards.MAIL) if xlsx else (),
        "address": address,
    }
    if set_:
        from analysis.scenario.combinations import parsed_settings

        options["swept"] = parsed_settings(set_)
    if against:
        from analysis.pages import moved
        from analysis.press import storage
        from analysis.scenario.scenario import scenarios as names

        chosen = [moved.one_name(name) for name in scenarios or names()]
        options["scenarios"] = chosen if scenarios else ()
        storage.put(output, moved.NAME, moved.moved_page(against, chosen))
        for name in moved.without_past(against, chosen):
            typer.echo(f"{name}: not compared, since {against} does not have it", err=True)
    if watch:
        build_at_each_change(**options)
    records = build(**options, cluster=cluster)
    failures = {record.error.name for record in records if record.error is not None}
    raise typer.Exit(2 if failures == {"ScenarioError"} else bool(failures))


@app.command(epilog=example("publish build/published --source build/site"))
def publish(
    destination: Annotated[
        str, typer.Argument(help="A folder, s3://, gs:// or another fsspec URL.")
    ],
    source: Annotated[str, typer.Option(help="The finished site.")] = "reports",
    prune: Annotated[
        bool, typer.Option(help="Remove what an earlier publication left over.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be done and do nothing.")] = False,
    force: Annotated[bool, typer.Option(help="Copy what lies there already, too.")] = False,
):
    """Copy a finished site: only changed files, pages before the index, cache headers where the
    store has them.
    """
    from analysis.press.publish import publish as copy

    counts = copy(destination, source, prune, dry_run, force=force)
    print(
        ", ".join(f"{count} {word}" for word, count in counts.items())
        + (" (dry run)" if dry_run else "")
    )


Column = typer.Option(help="For rows that do not say it.", rich_help_panel="Columns")


@app.command(
    epilog=example(
        "predict tests/data/vllm_bench.json --accelerator H100 --chips 1 --precision bf16"
    )
)
def predict(
    points: Annotated[str, typer.Argument(help="A CSV, a result file, or - for standard input.")],
    output: Output = None,
    measured: Annotated[
        str | None,
        typer.Option(help="Your own measurements: predictions move and narrow by what they say."),
    ] = None,
    accelerator: Annotated[str | None, Column] = None,
    model: Annotated[str | None, Column] = None,
    precision: Annotated[str | None, Column] = None,
    engine: Annotated[str | None, Column] = None,
    chips: Annotated[float | None, Column] = None,
    tensor_parallel: Annotated[float | None, Column] = None,
    data_parallel: Annotated[float | None, Column] = None,
    expert_parallel: Annotated[float | None, Column] = None,
    pipeline_parallel: Annotated[float | None, Column] = None,
    input_tokens: Annotated[float | None, Column] = None,
    output_tokens: Annotated[float | None, Column] = None,
    concurrency: Annotated[float | None, Column] = None,
    request_rate: Annotated[float | None, Column] = None,
):
    """Predict speed and energy for serving points; with measured columns, print the errors too.

    Reads a CSV (comma, semicolon or tab) or results of `vllm bench serve`, `sglang.bench_serving`,
    genai-perf, AIPerf and GuideLLM. A blank precision is that of the checkpoint, a blank engine
    none, a blank layout tensor parallel over all chips; `note` says what was assumed.

    With --measured, a file of any of these kinds with what you measured: predictions of other
    layouts, lengths, loads, chips and modes move and narrow as far as they share coefficients.

    Other columns that may stand in the table, and what a blank means: mode (aggregated, or
    disaggregated with prefill_workers, prefill_tensor_parallel, prefill_data_parallel,
    prefill_expert_parallel, prefill_pipeline_parallel and the same five with decode_; without any,
    a worker of each pool on half of the chips),
    draft_tokens (0), acceptance_length (as measured of the model's drafts), cached_share (0),
    kv_precision (that of the precision), memory_share (0.95), engine_level (tuned with pools or
    drafts and where a tuned server of this model was measured on this platform, else as run).
    """
    from analysis.model import predict as answer
    from analysis.model.predict import movement
    from analysis.model.predict import prediction_errors as errors
    from analysis.press.harmless_cells import harmless
    from analysis.scenario.file_text import MeasurementFault
    from analysis.scenario.measurements import read_measurements

    options = {
        "accelerator": accelerator,
        "model": model,
        "precision": precision,
        "engine": engine,
        "chips": chips,
        "tensor_parallel": tensor_parallel,
        "data_parallel": data_parallel,
        "expert_parallel": expert_parallel,
        "pipeline_parallel": pipeline_parallel,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "concurrency": concurrency,
        "request_rate": request_rate,
    }
    asked = read_measurements(points, options)
    told = sys.stderr if output is None else sys.stdout
    answered = answer(asked)
    if measured is not None:
        own = read_measurements(measured, options)
        plain = answered
        try:
            answered = answer(asked, own)
        except MeasurementFault as fault:
            raise MeasurementFault(f"{measured}, {fault}") from None
        print(f"predictions by {measured} over those without:", file=told)
        print(movement(plain, answered).to_string(index=False), file=told)
    harmless(answered).to_csv(output or sys.stdout, index=False)
    table = errors(answered)
    if not table.empty:
        print(table.to_string(index=False), file=told)


Pair = typer.Option(help="For one question, without a file.", rich_help_panel="One question")


class Objective(StrEnum):
    """What the best deployment is best at."""

    tokens = "tokens"
    usd = "usd"
    joules = "joules"


@app.command(
    epilog=example(
        "best --accelerator gb300 --model deepseek-r1 --precision fp4 "
        "--input 8192 --output 1024 --promise 30"
    )
)
def best(
    questions: Annotated[
        Path | None, typer.Argument(help="A CSV, TSV or semicolon file; - is standard in.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(help="Of one question: tokens written. Of a file: where to write."),
    ] = None,
    promise: Annotated[
        float | None, typer.Option(help="Tokens/s for each user, for rows that do not say it.")
    ] = None,
    objective: Annotated[Objective, Pair] = Objective.tokens,
    accelerator: Annotated[str | None, Pair] = None,
    model: Annotated[str | None, Pair] = None,
    precision: Annotated[str, Pair] = "",
    engine: Annotated[str, Pair] = "",
    input: Annotated[float | None, Pair] = None,
    chips: Annotated[int | None, Pair] = None,
    ttft: Annotated[float, Pair] = float("inf"),
    cached_share: Annotated[float, Pair] = 0.0,
    usd_per_hour: Annotated[float | None, Pair] = None,
):
    """The best deployments that keep a promise: for one question, or for each row of a table.

    For one question it prints the five best, by tokens/s a chip, $ per million output tokens (all
    chips busy, at the longest contract that is quoted, or at --usd-per-hour) or joules of the
    boards a token, and how the engine of the best is started. Several accelerators or precisions
    are separated by commas; --chips is the most that a deployment may span, a scale-up domain
    without it.

    A table has columns accelerator, model, precision, chips, input_tokens, output_tokens and
    tokens_per_s_per_user, and may have ttft_limit_s, cached_share, mode and engine; a blank lets
    the search choose. Loads are those at which servers are measured and set up, each twice the one
    before; `any` in a column `loads` takes those between too, as scenarios do. Added are the
    layout, draft_tokens and concurrency as `predict` reads them, its predictions with their ranges,
    and reason where nothing keeps the promise, with the nearest that can be had.
    """
    from analysis.model import best as search
    from analysis.model.alternatives import best_few, printed
    from analysis.press.harmless_cells import harmless
    from analysis.scenario.file_text import file_name, read_table, read_text

    if questions is not None:
        table = read_table(read_text(questions), file_name(questions))
        if promise is not None and "tokens_per_s_per_user" not in table:
            table["tokens_per_s_per_user"] = promise
        harmless(search(table)).to_csv(output or sys.stdout, index=False)
        return
    stated = {"--accelerator": accelerator, "--model": model, "--input": input}
    stated |= {"--output": output, "--promise": promise}
    missing = [name for name, value in stated.items() if value is None]
    if accelerator is None or model is None or input is None or output is None or promise is None:
        print(f"state {', '.join(missing)}, or a file of questions", file=sys.stderr)
        raise typer.Exit(2)
    try:
        written = float(output)
    except ValueError:
        print(f"--output {output!r}: without a file, a number of tokens", file=sys.stderr)
        raise typer.Exit(2) from None
    numbers = {"--input": input, "--output": written, "--promise": promise, "--ttft": ttft}
    numbers |= {"--chips": chips or 1, "--usd-per-hour": usd_per_hour or 1}
    wrong = [name for name, number in numbers.items() if not number > 0]
    if wrong or not 0 <= cached_share < 1:
        words = f"{', '.join(wrong)}: above 0" if wrong else "--cached-share: 0 up to below 1"
        print(words, file=sys.stderr)
        raise typer.Exit(2)
    few = best_few(
        accelerator.split(","),
        model,
        precision.split(","),
        input_tokens=input,
        output_tokens=written,
        tokens_per_s_per_user=promise,
        ttft_limit_s=ttft,
        cached_share=cached_share,
        chips=chips,
        engine=engine,
        objective=objective.value,
        usd_per_hour=usd_per_hour,
    )
    print(printed(few))


class Calibration(StrEnum):
    """What `calibrate` fits, in this order."""

    speed = "speed"
    energy = "energy"
    deviations = "deviations"
    best = "best"


@app.command(epilog=example("calibrate --only deviations"))
def calibrate(
    only: Annotated[
        Calibration | None, typer.Option(help="One of the four; all of them without it.")
    ] = None,
):
    """Refit what is fitted to the project's measurement tables, and write it with its errors.

    Coefficients of speed, then weights of board power at the speeds that follow, then how far
    installations deviate, then the best deployments against those measured. Each is a process of
    its own, since it reads what the one before wrote.
    """
    import subprocess

    if only is Calibration.speed:
        from analysis.calibration.cross_validation import calibrate as refit

        refit()
    elif only is Calibration.energy:
        from analysis.calibration.board_power import calibrate_energy

        calibrate_energy()
    elif only is Calibration.deviations:
        from analysis.calibration.deviations import calibrate_deviations, held_back_summary

        calibrate_deviations()
        print(held_back_summary().to_string(index=False))
    elif only is Calibration.best:
        from analysis.calibration.best_of_each import calibrate_best

        calibrate_best()
    else:
        for each in Calibration:
            words = [sys.executable, "-m", "analysis", "calibrate", "--only", each.value]
            subprocess.run(words, check=True)


@app.command(epilog=example("register article"))
def register(
    scenario: str,
    as_of: Annotated[str | None, typer.Option(help="A day; the scenario's own without it.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Ask about every quarter end to this day, and prices too.")
    ] = None,
    product: Annotated[
        str | None, typer.Option(help="A product of launches.csv; the scenario's without it.")
    ] = None,
    output: Output = None,
):
    """Write a scenario's forecasts as JSON, as made on a day (its own without one), from what was
    known then.
    """
    from datetime import date

    from analysis.questions.forecasts import register as registered
    from analysis.scenario.scenario import load

    case = load(scenario, {"rollout.product": product} if product else None)
    days = [date.fromisoformat(day) if day else None for day in (as_of, until)]
    _write(registered(case, *days), output)


@app.command(epilog=example("score"))
def score(
    registers: Annotated[
        list[Path] | None, typer.Argument(help="Registers; the project's own without any.")
    ] = None,
    resolutions: Annotated[
        Path | None, typer.Option(help="What came of it; the project's own without it.")
    ] = None,
):
    """Score registered chances and dates against what happened, beside the base rate and the
    vendor's word.
    """
    from analysis.questions.forecast_scores import score_registers

    tables, told = score_registers(registers, resolutions, datetime.now().date())
    print(*(table.to_string(index=False) for table in tables), told, sep="\n\n")


@app.command(epilog=example("archive --output build/answers.csv"))
def archive(
    site: Annotated[Path, typer.Option(help="The site whose answers are kept.")] = Path("reports"),
    output: Annotated[
        Path | None, typer.Option(help="Another archive, begun if need be; the project's without.")
    ] = None,
):
    """Add the answers of a release to the archive, a row a scenario, below what earlier ones said.

    The version is the project's, with the git revision behind the code.
    """
    from datetime import date

    from analysis.questions.archive import ARCHIVE, append, begin, code_version, read_answers
    from analysis.scenario.scenario import scenarios as names

    path, version = output or ARCHIVE, code_version(Path(ROOT))
    begin(path)
    count = append(read_answers(names(), site), version, date.today(), path)
    print(f"{path}: {count} rows added" if count else f"{path}: {version} stands in it already")


@app.command(epilog=example("schema"))
def schema(
    output: Output = None,
    answer: Annotated[bool, typer.Option("--answer", help="the schema of answer.json")] = False,
):
    """Print the JSON Schema of a scenario, so that editors complete its keys, or of an answer."""
    if answer:
        from analysis.questions.answer import schema as made
    else:
        from analysis.scenario.scenario import schema as made

    _write(made(), output)


def _write(data, output: Path | None) -> None:
    text = json.dumps(data, indent=1) + "\n"
    output.write_text(text) if output else print(text, end="")


def main() -> None:
    """Run a command; a fault in what the user gave is a message and exit status 2, never a
    traceback.
    """
    from analysis.press.progress import open_standard_streams, silence

    open_standard_streams()
    try:
        app()
    except BrokenPipeError:  # who read has read enough
        silence("stdout")
        sys.exit(141)
    except KeyboardInterrupt:
        sys.exit(130)
    except (
        ValueError,
        OSError,
    ) as fault:  # their classes are ValueErrors; the modules take long to import
        words = ("ScenarioError", "MeasurementFault", "Unanswerable")
        if type(fault).__name__ not in words and not isinstance(fault, OSError):
            raise
        print(fault, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
