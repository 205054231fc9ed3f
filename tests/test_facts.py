import csv
import shutil
from dataclasses import FrozenInstanceError, asdict
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.facts import (
    Accelerator,
    Model,
    Site,
    chosen,
    find,
    names,
    price,
    published_range,
    sources,
    table,
)
from analysis.facts.accelerator_names import read_accelerator
from analysis.facts.check import check
from analysis.facts.checkpoint_names import read_model, read_precision
from analysis.facts.point_names import read_engine
from analysis.facts.tables import COLUMNS, FOLDER
from analysis.laws.architecture import ARCHITECTURE
from analysis.model.settings import ENGINES

OWN = ("accelerators", "buyers", "models", "prices", "sites", "sources")
NUMBER = dict(
    zip(
        COLUMNS,
        ("b200", "memory_bytes_per_chip", "", "1", "GB/chip", "1", "judged", "why", "judged", ""),
        strict=True,
    )
)


def architecture(name):
    """A model's fields and what the laws of architecture make of them, as far as the fields alone
    reach.
    """
    known = asdict(find(Model, name))
    for law in ARCHITECTURE:
        needs = signature(law).parameters
        if set(needs) <= set(known):
            known[law.__name__] = law(**{need: known[need] for need in needs})
    return known


def test_every_table_is_without_fault():
    assert check() == []


@pytest.mark.parametrize("name", names(Model))
def test_parameters_follow_from_the_dimensions_within_three_percent(name):
    known = architecture(name)
    assert float(known["stored_parameters"]) == pytest.approx(known["all_parameters"], rel=0.03)


@pytest.mark.parametrize("name", names(Model))
def test_active_parameters_follow_too(name):
    # Publishers count the input embedding or leave it out; some round to a whole billion (MiniMax:
    # 10).
    known = architecture(name)
    least = float(known["used_parameters"])
    nearest = min(
        (least, least + float(known["head_parameters"])),
        key=lambda n: abs(n - known["active_parameters"]),
    )
    assert nearest == pytest.approx(known["active_parameters"], rel=0.03, abs=0.5e9)


def test_the_models_and_accelerators_asked_for_are_there():
    models = """
        llama2-7b llama2-13b llama2-70b llama3.1-8b llama3.1-405b llama3.2-1b llama3.2-3b
        llama4-scout llama4-maverick mistral-7b mistral-small-24b mistral-large-2
        mistral-large-3 ministral-8b mixtral-8x22b qwen2.5-7b qwen2.5-72b qwen3-0.6b
        qwen3-next-80b-a3b qwen3.5-27b deepseek-v2 deepseek-v2-lite deepseek-r1
        deepseek-v4-flash kimi-k3 kimi-linear-48b-a3b glm-4.5-air glm-5.2 minimax-m3 gemma-2-27b
        gemma-4-31b phi-4 phi-3-medium falcon-180b llama3.3-nemotron-super-49b
        nemotron-3-nano-30b-a3b nemotron-3-super-120b-a12b nemotron-h-56b mimo-v2-flash dbrx
        grok-1 gpt-j-6b opt-66b step-3 step-3.7-flash ernie-4.5-300b-a47b hunyuan-a13b
        longcat-flash
    """
    assert set(models.split()) <= set(names(Model))
    accelerators = """
        a100-sxm a100-pcie a800-sxm a10 a10g a30 a40 v100-sxm t4 h100-sxm h100-pcie h100-nvl
        h200-sxm h200-nvl h20 h800-sxm gh200 gh200-144gb l4 l20 l40 l40s rtx-3090 rtx-4090
        rtx-5090 rtx-6000-ada rtx-pro-6000 gb10 b100 b200 b300 gb200 gb300 vr200 mi250x mi300a
        mi300x mi325x mi350x mi355x mi455x gaudi2 gaudi3 arc-pro-b60 tpu-v5e tpu-v5p tpu-v6e
        tpu7x trainium2 inferentia2
    """
    assert set(accelerators.split()) <= set(names(Accelerator))
    assert len(names(Site)) >= 5


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        (
            "h100-sxm",
            "bf16_flop_per_s_per_chip",
            989.4e12,
        ),  # H100 whitepaper, table 2: 989.4 dense, 1978.9 sparse
        ("h100-sxm", "fp8_flop_per_s_per_chip", 1978.9e12),
        ("h100-sxm", "bandwidth_bytes_per_s_per_chip", 3.35e12),  # H100 datasheet
        ("h100-sxm", "link_bytes_per_s_per_chip", 450e9),  # NVLink 900 GB/s in both directions
        ("h100-sxm", "fp4_flop_per_s_per_chip", 0),
        ("a100-sxm", "bf16_flop_per_s_per_chip", 312e12),  # A100 datasheet
        ("a100-sxm", "fp8_flop_per_s_per_chip", 0),
        ("h200-sxm", "memory_bytes_per_chip", 141e9),  # H200 datasheet
        ("b200", "fp4_flop_per_s_per_chip", 9e15),  # HGX B200: 18 PFLOPS with sparsity
        ("b300", "fp4_flop_per_s_per_chip", 13.5e15),  # HGX B300: 108 PFLOPS dense for eight
        (
            "gb200",
            "fp4_flop_per_s_per_chip",
            10e15,
        ),  # GB200 NVL72: 1,440 PFLOPS with sparsity for 72
        ("gb300", "fp4_flop_per_s_per_chip", 15e15),  # GB300 NVL72: 1,080 PFLOPS dense for 72
        ("gb300", "fp8_flop_per_s_per_chip", 5e15),
        ("mi300x", "fp8_flop_per_s_per_chip", 2614.9e12),  # MI300X data sheet
        ("mi300x", "link_bytes_per_s_per_chip", 448e9),  # seven links of 64 GB/s each way
        ("mi355x", "fp4_flop_per_s_per_chip", 10066.3e12),  # MI355X data sheet
        ("h100-sxm", "network_bytes_per_s_per_chip", 50e9),  # ConnectX-7, 400 Gb/s
        ("gb300", "provisioned_w_per_chip", 2120),  # SemiAnalysis, July 2026
    ],
)
def test_chips_are_as_their_makers_print_them(name, field, value):
    assert getattr(find(Accelerator, name), field) == pytest.approx(value, rel=1e-9)


def test_arithmetic_doubles_at_least_with_each_narrower_path_that_exists():
    for name in names(Accelerator):
        chip = find(Accelerator, name)
        wide, middle, narrow = (
            chip.bf16_flop_per_s_per_chip,
            chip.fp8_flop_per_s_per_chip,
            chip.fp4_flop_per_s_per_chip,
        )
        assert wide > 0
        assert middle == 0 or middle >= wide
        assert narrow == 0 or narrow > 1.9 * middle


def test_mixtures_and_latents_are_told_apart():
    v3, llama, gpt = (
        find(Model, "deepseek-v3"),
        find(Model, "llama3.1-70b"),
        find(Model, "gpt-oss-120b"),
    )
    assert (v3.kv_lora_width, v3.qk_rope_width, v3.experts_count, v3.dense_layers_count) == (
        512,
        64,
        256,
        3,
    )
    assert (llama.kv_heads_count, llama.head_width, llama.experts_count) == (8, 128, 0)
    assert gpt.sliding_layers_count + gpt.full_attention_layers_count == gpt.layers_count
    assert gpt.expert_bytes_per_parameter == pytest.approx(4.25 / 8)


READ = {
    "accelerator": read_accelerator,
    "model": read_model,
    "precision": read_precision,
    "engine": read_engine,
}


@pytest.mark.parametrize(
    ("column", "written", "name"),
    [
        ("model", "meta-llama/Llama-3.1-70B-Instruct", "llama3.1-70b"),
        ("model", "Meta-Llama-3-8B-Instruct", "llama3.1-8b"),  # the same dimensions
        ("model", "nvidia/Llama-3.3-70B-Instruct-FP8", "llama3.3-70b"),
        ("model", "DeepSeek-R1-0528", "deepseek-r1"),
        ("model", "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "qwen2.5-32b"),
        ("model", "DeepSeek-V2-Chat", "deepseek-v2"),
        ("model", "openai/gpt-oss-120b", "gpt-oss-120b"),
        ("model", "moonshotai/Kimi-K2-Instruct-0905", "kimi-k2"),
        (
            "model",
            "moonshotai/Kimi-K2-Thinking",
            "kimi-k2-thinking",
        ),  # its own thing: experts in four bits
        ("model", "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8", "llama4-maverick"),
        ("model", "Qwen/Qwen3-VL-235B-A22B-Instruct", "qwen3-235b-a22b"),
        ("accelerator", "NVIDIA H100 80GB HBM3", "h100-sxm"),
        ("accelerator", "NVIDIA H100 PCIe", "h100-pcie"),
        ("accelerator", "H100-NVL", "h100-nvl"),
        ("accelerator", "NVIDIA A100-SXM4-40GB", "a100-sxm-40gb"),
        ("accelerator", "AMD Instinct MI355X 288GB HBM3e", "mi355x"),
        ("accelerator", "GB300 NVL72", "gb300"),
        ("precision", "NVFP4", "fp4"),
        ("engine", "TensorRT-LLM", "trtllm"),
        ("model", "gpt-4", ""),  # not known
        ("model", "Llama-3.1-9B-Instruct", ""),
        ("accelerator", "NVIDIA H100 96GB", ""),  # another chip
        ("accelerator", "GeForce RTX 4070", ""),
    ],
)
def test_names_are_found_as_people_write_them_and_never_anothers(column, written, name):
    assert READ[column](written).name == name


def test_every_thing_means_itself_and_every_other_name_one_that_exists():
    known = {
        "accelerator": names(Accelerator),
        "model": names(Model),
        "precision": chosen("precisions")["thing"],
    }
    for column, things in known.items():
        assert [READ[column](name).name for name in things] == list(things)
        assert [READ[column](name.upper()).name for name in things] == list(things)
    rows = table("aliases").set_index("alias")
    for column, things in (known | {"engine": ENGINES}).items():
        meanings = rows[column].dropna()
        assert set(meanings) <= set(things)
        assert [READ[column](alias).name for alias in meanings.index] == list(meanings)


def test_records_are_frozen_and_tables_are_copies():
    with pytest.raises(FrozenInstanceError):
        find(Site, "texas").pue_ratio = 1
    rows = table("sites")
    rows["base"] = 0.0
    assert (table("sites")["base"] > 0).all()


def test_an_unknown_name_is_told_with_file_and_neighbour():
    with pytest.raises(
        LookupError, match=r"accelerators\.csv: unknown thing 'b20'; did you mean 'b200'"
    ):
        find(Accelerator, "b20")
    with pytest.raises(LookupError, match=r"did you mean 'accelerators'"):
        table("acelerators")
    with pytest.raises(LookupError, match="did you mean 'rent_3yr_usd_per_s_per_chip'"):
        price("b200", "rent_3y_usd_per_s_per_chip", "2026-11-22")


def test_a_fact_not_yet_known_is_missing_not_filled():
    with pytest.raises(LookupError, match="'provisioned_w_per_chip' is missing as of 2026-01-01"):
        find(Accelerator, "b300", "2026-01-01")
    with pytest.raises(LookupError, match="the first is of 2026-04-03"):
        price("b200", "rent_3yr_usd_per_s_per_chip", "2026-04-02")


def test_the_april_figures_stand_until_july_replaces_them():
    field = "owner_hyperscaler_usd_per_s_per_chip"
    assert price("gb300", field, "2026-06-30") * 3600 == pytest.approx(
        2.652
    )  # a placeholder, 1.2 x GB200
    assert price("gb300", field, "2026-07-01") * 3600 == pytest.approx(2.31)
    assert (
        chosen("accelerators", "b300", "2026-05-01").set_index("field")["base"][
            "provisioned_w_per_chip"
        ]
        == 2170
    )


def test_publishers_give_the_range_and_one_row_stands():
    """Provisioned power of a GB300: 2.1 kW in April, 2.12 in July, 2.553 in an article of July."""
    low, standing, high = published_range("accelerators", "gb300", "provisioned_w_per_chip")
    assert (low, standing, high) == pytest.approx((2100, 2120, 2553))
    early = published_range("accelerators", "gb300", "provisioned_w_per_chip", "2026-04-03")
    assert early == pytest.approx((2100, 2100, 2268), rel=1e-3)  # a rack in print in April
    # A judged figure that a published one replaced is no publisher's.
    assert published_range("accelerators", "tpu7x", "provisioned_w_per_chip") == (1207,) * 3
    with pytest.raises(LookupError, match="no 'provisioned_w_per_chip' as of 2026-04-02"):
        published_range("accelerators", "b300", "provisioned_w_per_chip", "2026-04-02")
    with pytest.raises(LookupError, match="did you mean 'gb300'"):
        published_range("accelerators", "gb30", "provisioned_w_per_chip")


@pytest.mark.parametrize(
    ("day", "million_tokens_usd"),
    [("2026-08-16", (0.435, 0.003625, 0.87)), ("2026-08-17", (0.66, 0.022, 1.98))],
)
def test_an_api_price_is_that_of_its_day(day, million_tokens_usd):
    """DeepSeek raised V4 Pro on 17 August; a map of 1 September still showed the older price."""
    fields = ("input", "cached_input", "output")
    paid = [price("deepseek/deepseek-v4-pro", f"{field}_usd_per_token", day) for field in fields]
    assert np.multiply(paid, 1e6) == pytest.approx(million_tokens_usd)


def test_every_chip_on_offer_has_a_quote_and_none_is_made_up():
    """Owner, contract and on demand, as far as anybody quotes them."""
    quoted = table("prices")
    quoted = quoted[quoted["thing"].isin(names(Accelerator))]
    fields = quoted.groupby("thing")["field"].agg(set)
    contract = "rent_3yr_usd_per_s_per_chip"
    quotable = {"h100-sxm", "h200-sxm", "b200", "b300", "gb200", "gb300", "vr200", "tpu7x"}
    for chip in quotable | {"mi300x", "mi325x", "mi355x"}:
        assert {"owner_hyperscaler_usd_per_s_per_chip", contract} <= fields[chip], chip
    assert contract not in fields["trainium2"]
    assert (quoted["source"] != "judged").all()


@given(st.dates().map(str))
@settings(max_examples=200)
def test_no_price_comes_from_the_future(day):
    rows = table("prices").query(
        "thing == 'h100-sxm' and field == 'rent_on_demand_usd_per_s_per_chip' and stands"
    )
    past = rows[rows["as_of"] <= day]
    if past.empty:
        with pytest.raises(LookupError):
            price("h100-sxm", "rent_on_demand_usd_per_s_per_chip", day)
    else:
        newest = past.loc[past["as_of"] == past["as_of"].max(), "base"]
        assert price("h100-sxm", "rent_on_demand_usd_per_s_per_chip", day) == newest.iloc[0]


def test_where_sources_disagree_all_rows_stay_and_one_stands():
    rows = table("accelerators").query("thing == 'b300' and field == 'fp4_flop_per_s_per_chip'")
    assert sorted(rows["base"] / 1e12) == pytest.approx([13125, 13500, 14000])
    assert rows["stands"].sum() == 1
    assert rows.loc[rows["stands"], "chosen"].item()


def test_every_guess_says_so_and_why():
    for name in OWN[:-1]:
        guesses = table(name).query("source == 'judged'")
        assert (guesses["where"].str.len() > 10).all()
        assert (guesses["kind"] == "judged").all()
    assert sources().loc["judged", "title"]


# Planted faults: a copy of the tables, one thing broken, refused with file, line and key.


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("facts")
    for name in OWN:
        shutil.copy(FOLDER / f"{name}.csv", folder)
    assert check(folder) == []
    return folder


@pytest.fixture
def copy(clean, tmp_path):
    return shutil.copytree(clean, tmp_path / "facts")


def plant(folder, name, line, **cells):
    with (folder / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[line - 2].update(cells)
    write(folder, name, rows)


def write(folder, name, rows):
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"source": ""}, "has no source"),
        ({"source": "nvidia_h100_datashet"}, "did you mean 'nvidia_h100_datasheet'"),
        ({"unit": "GB/s/chip"}, "'GB/s/chip' is no unit of memory_bytes_per_chip"),
        ({"unit": "gigabite"}, "'gigabite' is no unit"),
        ({"unit": ""}, "'' is no unit"),
        ({"value": "eighty"}, "value 'eighty' is no finite number"),
        ({"value": ""}, "value '' is no finite number"),
        ({"value": "nan"}, "value 'nan' is no finite number"),
        ({"value": "1e999"}, "value '1e999' is no finite number"),
        ({"times": "inf"}, "times 'inf' is no finite number"),
        ({"kind": "datashet"}, "did you mean 'datasheet'"),
        ({"as_of": "2026-13"}, "is no ISO date"),
        ({"as_of": "2026-02-30"}, "is no ISO date"),
        ({"as_of": "summer 2026"}, "is no ISO date"),
        ({"source": "judged", "kind": "judged", "where": ""}, "reason in `where`"),
        ({"source": "judged", "where": "so"}, "kind and source `judged`"),
        ({"field": "memory_k", "unit": "degC"}, "has its zero elsewhere"),
        ({"field": "memory"}, "does not end in a unit"),
    ],
)
def test_a_planted_fault_is_told_with_its_line(copy, cells, message):
    line = next(
        n
        for n, row in enumerate(csv.DictReader((copy / "accelerators.csv").open()), 2)
        if row["unit"] == "GB/chip"
    )
    plant(copy, "accelerators", line, **cells)
    faults = [
        fault
        for fault in check(copy)
        if fault.startswith(f"facts/accelerators.csv:{line}: a100-sxm.memory")
    ]
    assert any(message in fault for fault in faults), check(copy)


def test_a_disagreement_without_a_reason_is_refused(copy):
    rows = list(csv.DictReader((copy / "accelerators.csv").open()))
    for row in rows:
        row["chosen"] = ""
    write(copy, "accelerators", rows)
    assert any(
        "b300.fp4_flop_per_s_per_chip : 3 sources disagree" in fault for fault in check(copy)
    )


def test_two_chosen_rows_are_refused(copy):
    rows = list(csv.DictReader((copy / "accelerators.csv").open()))
    for row in rows:
        row["chosen"] = (
            "so"
            if (row["thing"], row["field"]) == ("b300", "fp4_flop_per_s_per_chip")
            else row["chosen"]
        )
    write(copy, "accelerators", rows)
    assert any("b300.fp4_flop_per_s_per_chip : 3 rows are chosen" in fault for fault in check(copy))


def test_a_row_told_twice_an_unknown_and_a_missing_field_are_refused(copy):
    rows = list(csv.DictReader((copy / "sites.csv").open()))
    write(
        copy,
        "sites",
        [*rows[1:], rows[-1], NUMBER | {"thing": "texas", "field": "pu_ratio", "unit": ""}],
    )
    faults = check(copy)
    assert f"facts/sites.csv:{len(rows) + 1}: singapore.site_w: is there twice" in faults
    assert any(
        "texas.pu_ratio: unknown field; did you mean 'pue_ratio'" in fault for fault in faults
    )
    assert any("facts/sites.csv:2: us-average.pue_ratio: is missing" in fault for fault in faults)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00binary", b"thing,field\n1\n", b'thing,"field\n']
)
def test_a_file_that_is_no_table_is_refused(copy, content):
    (copy / "sites.csv").write_bytes(content)
    assert any(fault.startswith("facts/sites.csv:") for fault in check(copy))


def test_a_wide_table_needs_a_source_and_units_in_its_names(copy):
    rows = [
        {
            "system": "x",
            "power": "700",
            "energy_j_per_token": "much",
            "as_of": "soon",
            "source": "nobody",
        }
    ]
    write(copy, "measured", rows)
    faults = "\n".join(check(copy))
    assert "measured.csv:1: power: numbers under a name that ends in no unit" in faults
    assert "measured.csv:2: energy_j_per_token: 'much' is no finite number" in faults
    assert "measured.csv:2: as_of: 'soon' is no ISO date" in faults
    assert "measured.csv:2: unknown source 'nobody'" in faults


def test_a_source_needs_a_title_a_day_and_a_grade(copy):
    plant(copy, "sources", 3, title="", grade="A7", read_on="today", url="nvidia.com")
    faults = "\n".join(check(copy))
    for message in (
        "title is blank",
        "grade 'A7'",
        "read_on 'today' is no day on which it was",
        "'nvidia.com' is no URL",
    ):
        assert f"sources.csv:3: aiconfigurator_core: {message}" in faults


@pytest.mark.parametrize(
    ("read", "read_on", "message"),
    [
        ("opend", "2026-11-22", "read 'opend': did you mean 'opened'?"),
        (
            "",
            "2026-11-22",
            "read '': known: opened, our own, recalled, to be checked, through a table of others",
        ),
        ("opened", "", "read_on '' is no day on which it was read (opened)"),
        (
            "recalled, to be checked",
            "2026-11-22",
            "read_on '2026-11-22' is no day on which it was read (recalled",
        ),
        ("our own", "2026-11-22", "read_on '2026-11-22' is no day on which it was read (our own)"),
    ],
)
def test_a_source_says_how_it_was_read_and_dates_only_what_was(copy, read, read_on, message):
    plant(copy, "sources", 3, read=read, read_on=read_on)
    assert any(
        fault.startswith(f"facts/sources.csv:3: aiconfigurator_core: {message}")
        for fault in check(copy)
    )


def test_what_was_recalled_is_marked_in_the_rows_and_shown():
    """A row whose `where` admits memory rests on our judgement or on a source marked as
    recalled.
    """
    read = sources()["read"]
    for name in ("accelerators", "capex", "cooling", "launches", "prices", "sites"):
        rows = table(name)
        admitted = rows[rows["where"].fillna("").str.contains("as recalled|not re-read")]
        assert set(admitted["source"].map(read)) <= {"our own", "recalled, to be checked"}, name


def test_the_limits_in_readme_count_how_sources_were_read():
    read = sources()["read"].value_counts()
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    limits = " ".join(readme.split("## Limits")[1].split())
    assert f"opened ({read['opened']} of {len(sources())});" in limits
    assert f"mistaken it ({read['through a table of others']});" in limits
    assert f"was at hand ({read['recalled, to be checked']})." in limits


@pytest.mark.parametrize(
    ("name", "cells", "message"),
    [
        (
            "prices",
            {"value": -1.3},
            "h100-sxm.owner_hyperscaler_usd_per_s_per_chip: -1.3 times 1 is below 0",
        ),
        ("capex", {"times": -1}, "a100-sxm.accelerator_usd_per_chip: 20000 times -1 is below 0"),
        ("energy", {"energy_j_per_output_token": -1}, "energy_j_per_output_token: -1 is below 0"),
        ("evidence", {"reliability_share": 1.5}, "reliability_share: 1.5 is a share above 1"),
        (
            "evidence",
            {"low_ratio": 0.9},
            "expected low_ratio <= mid_ratio <= high_ratio, found 0.9, 0.35, 0.6",
        ),
        ("evidence", {"claim": "magnun"}, "claim: unknown word 'magnun'; did you mean 'magnum'?"),
        ("volumes", {"mid_units": 1000000}, "expected low_units <= mid_units <= high_units"),
        ("volumes", {"until": "2024-13-01"}, "until: '2024-13-01' is no ISO date"),
        (
            "launches",
            {"earliest": "2016-05-05"},
            "expected earliest <= latest, found 2016-05-05, 2016-04-05",
        ),
        ("launches", {"latest": "soon"}, "latest: 'soon' is no ISO date"),
        (
            "launches",
            {"known": "2016-04-04"},
            "happened from 2016-04-05 on and was known on 2016-04-04",
        ),
        (
            "launches",
            {"milestone": "anounced"},
            "milestone: unknown word 'anounced'; did you mean 'announced'?",
        ),
        ("launches", {"precision": "fp8"}, "precision: unknown word 'fp8'"),
        ("resolutions", {"outcome": 2}, "outcome: unknown word '2'; known: 0, 1"),
        (
            "aliases",
            {"accelerator": "a100-smx"},
            "accelerator: unknown word 'a100-smx'; did you mean 'a100-sxm'?",
        ),
        (
            "serving",
            {"accelerator": "b20"},
            "accelerator: unknown word 'b20'; did you mean 'b200'?",
        ),
    ],
)
def test_numbers_below_nothing_disorder_and_unknown_words_are_refused(copy, name, cells, message):
    shutil.copy(FOLDER / f"{name}.csv", copy)
    plant(copy, name, 2, **cells)
    assert [
        fault for fault in check(copy) if fault.startswith(f"facts/{name}.csv:2: {message}")
    ] != []
