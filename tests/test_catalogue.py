"""The tables of what can be asked about, from a notebook and from the shell."""

import io
import subprocess
import sys

import pandas as pd
import pytest

import analysis as an
from analysis.facts import Accelerator, Model, Site, names


def test_every_thing_of_the_fact_tables_is_listed_once():
    assert list(an.accelerators()["name"]) == names(Accelerator)
    assert list(an.models()["name"]) == names(Model)
    assert list(an.sites()["name"]) == names(Site)


def test_a_chip_s_row_says_what_is_known_and_what_is_missing():
    rows = an.accelerators().set_index("name")
    b200, mi250x = rows.loc["b200"], rows.loc["mi250x"]
    assert (b200.fp4, b200.memory_gb, b200.maker) == (9000, 180, "nvidia")
    assert b200.missing == ""
    assert "rent_3yr" in b200.rents
    assert b200.points > 1000
    assert "hgx b200" in b200.aliases or "b200-sxm" in b200.aliases
    assert mi250x.missing == "purchase price, rent, measured points"


def test_prices_of_a_day_are_no_later_than_it():
    before, now = an.prices("2026-04-30"), an.prices()
    assert before["as_of"].max() <= "2026-04-30" < now["as_of"].max()
    assert not before.duplicated(["thing", "field"]).any()


@pytest.mark.parametrize("what", ["accelerators", "models", "sites", "prices", "scenarios"])
def test_the_shell_prints_the_same_table(what):
    command = [sys.executable, "-m", "analysis", "list", what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = pd.read_csv(io.StringIO(done.stdout))
    assert len(rows) == len(an.scenarios() if what == "scenarios" else getattr(an, what)())


def test_an_unknown_list_is_refused_with_those_that_there_are():
    command = [sys.executable, "-m", "analysis", "list", "chips"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "accelerators" in done.stderr
