"""Link this machine's Chromium to where Playwright looks, for `jupyter nbconvert --to webpdf`.

python tests/link_chromium.py FOLDER    prints the setting to use then; `make browsers` runs this

nbconvert starts Playwright's browser without saying where it is, and Playwright knows none but the
one it would download. Where it looks depends on its version, so it is asked.
"""

import os
import re
import sys
from pathlib import Path

from chromium import CHROMIUM

MISSING = re.compile(r"Executable doesn't exist at (\S+)")


def link(folder: Path) -> Path:
    """Make the link in a folder and give its path; RuntimeError where there is no Chromium."""
    from playwright.sync_api import Error, sync_playwright

    if CHROMIUM is None:
        raise RuntimeError("no Chromium on this machine: apt-get install chromium")
    os.environ["PLAYWRIGHT_BROWSERS_PATH"] = str(folder)
    with sync_playwright() as play:
        try:
            play.chromium.launch(args=["--no-sandbox"]).close()
        except Error as fault:
            missing = MISSING.search(fault.message)
            if missing is None:
                raise
            path = Path(missing[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # a link to a browser that is gone
            path.symlink_to(CHROMIUM)
            play.chromium.launch(args=["--no-sandbox"]).close()
            return path
        return Path(folder)


if __name__ == "__main__":
    try:
        link(Path(sys.argv[1]).absolute())
    except RuntimeError as fault:
        sys.exit(str(fault))
    print(f"export PLAYWRIGHT_BROWSERS_PATH={sys.argv[1]}")
