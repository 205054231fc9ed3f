"""Chromium for tests that open pages: where it is, and flags with which it asks no network."""

import os
import shutil

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
