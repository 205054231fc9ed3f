"""Every Python that the project supports makes the same pages; those that stand on this machine are
asked.
"""

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHERS = [version for version in ("3.11", "3.12", "3.13") if version != HERE]
CHOICE = ("measured", "--notebook", "efficiency", "--notebook", "cost", "--notebook", "rollout")


def interpreter(version: str) -> str | None:
    """A Python of this version: one on the path that runs, or one of pyenv's."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [shutil.which(f"python{version}"), *kept.glob(f"{version}.*/bin/python3")]
    runs = (
        str(path)
        for path in found
        if path and not subprocess.run([path, "-V"], capture_output=True).returncode
    )
    return next(runs, None)


def made(python: Path | str, output: Path) -> dict[str, Path]:
    """Reports of a scenario by this Python; files by their names."""
    command = [str(python), "-m", "analysis", "report", *CHOICE, "--output", str(output)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found = [
        path
        for path in output.rglob("*")
        if path.suffix in (".html", ".csv", ".json", ".xml", ".parquet")
    ]
    return {str(path.relative_to(output)): path for path in found if ".records" not in path.parts}


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> dict[str, Path]:
    return made(sys.executable, tmp_path_factory.mktemp("ours"))


@pytest.mark.slow
@pytest.mark.parametrize("version", OTHERS)
def test_another_python_makes_the_same_bytes(version, ours, tmp_path):
    uv = next(
        (
            str(tool)
            for tool in (ROOT / "build/uv", shutil.which("uv"))
            if tool and Path(tool).exists()
        ),
        None,
    )
    if not (python := interpreter(version)) or not uv:
        pytest.skip(f"there is no {'Python ' + version if uv else 'uv'} on this machine")
    venv = tmp_path / "venv"
    subprocess.run([uv, "venv", "--quiet", "--python", python, str(venv)], check=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(venv / "bin/python")]
    locked = [*install, "--require-hashes", "--requirement", str(ROOT / "requirements.lock")]
    subprocess.run(locked, check=True)
    subprocess.run(
        [*install, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True
    )
    theirs = made(venv / "bin/python", tmp_path / "site")
    assert theirs.keys() == ours.keys()
    assert "measured/cost.html" in theirs
    assert [
        name for name, path in theirs.items() if not filecmp.cmp(path, ours[name], shallow=False)
    ] == []
