"""HTML as a tagged PDF, printed by the machine's Chromium without a network."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# With these it does nothing on its own.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
# With these it asks no network and writes nothing outside its own folder.
FLAGS = (
    "--headless",
    *QUIET,
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
TIMEOUT_S = 120
_DAYS = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[+-]\d\d'\d\d'\)")


def find_chromium() -> str:
    """Where Chromium is; FileNotFoundError that says what to do where there is none."""
    for name in CHROMIUMS:
        path = shutil.which(name)
        if path is not None:
            return path
    raise FileNotFoundError(
        f"--pdf prints with Chromium, and none of {', '.join(CHROMIUMS)} is on the PATH: "
        "apt-get install chromium, or use --xlsx, which needs no browser"
    )


def printed(page: str, day: str) -> bytes:
    """A page of HTML as PDF: tagged, with an outline, and dated by `day` (YYYY-MM-DD).

    Without the hour of its making, equal pages are equal files. OSError, with what Chromium said,
    where it prints nothing.
    """
    chromium = find_chromium()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(page, encoding="utf-8")
        command = [chromium, *FLAGS, f"--user-data-dir={folder}/profile"]
        if os.name == "posix" and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium has no sandbox for root
        command += [f"--print-to-pdf={target}", source.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise OSError(f"{chromium} printed no PDF within {TIMEOUT_S} seconds") from None
        if done.returncode or not target.is_file():
            raise OSError(f"{chromium} printed no PDF: {done.stderr.strip()[-500:]}")
        return dated(target.read_bytes(), day)


def dated(content: bytes, day: str) -> bytes:
    """A PDF whose dates of making are midnight of a day; no byte moves, so its index stays true."""
    moment = f"D:{day.replace('-', '')}000000+00'00'"
    return _DAYS.sub(lambda found: b"/%s (%s)" % (found[1], moment.encode()), content)
