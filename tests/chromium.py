"""Chromium for tests that open pages: where it is, and flags with which it asks no network."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from analysis.press.pdf import CHROMIUMS, QUIET

CHROMIUM = next((path for path in map(shutil.which, CHROMIUMS) if path), None)
FLAGS = [
    "--no-sandbox",
    *QUIET,
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
NEEDS_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"),
        reason="no Chromium: apt-get install chromium",
    ),
]


@contextmanager
def opened_chromium() -> Iterator[Any]:
    """A browser of Playwright that asks no network; skips where there is no Playwright."""
    sync_api = pytest.importorskip("playwright.sync_api")
    assert CHROMIUM, "no Chromium on this machine: apt-get install chromium"
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
