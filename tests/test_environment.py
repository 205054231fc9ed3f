"""environment.yml, pyproject.toml and requirements.lock agree, so that conda, pip and uv users get
one project.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
# conda-forge's name where it is not PyPI's.
CONDA = {"playwright-python": "playwright"}
ONLY_ON_PYPI = {"axe-playwright-python", "cosmic-ray", "genai-prices", "mini-racer"}


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wanted(project) -> dict[str, SpecifierSet]:
    lines = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    read = [Requirement(line) for line in lines]
    assert len({one.name for one in read}) == len(read), "a package is named twice"
    return {canonicalize_name(one.name): one.specifier for one in read}


@pytest.fixture(scope="module")
def conda() -> list:
    return YAML(typ="safe").load(ROOT / "environment.yml")["dependencies"]


@pytest.fixture(scope="module")
def locked() -> list[Requirement]:
    text = (ROOT / "requirements.lock").read_text()
    return [
        Requirement(line.removesuffix("\\").strip())
        for line in text.splitlines()
        if re.match(r"[a-z0-9]", line)
    ]


def test_conda_users_get_the_names_and_ranges_of_pyproject(conda, wanted, project):
    packages = dict(line.partition(" ")[::2] for line in conda if isinstance(line, str))
    assert len(packages) == len([line for line in conda if isinstance(line, str)]), (
        "a package is named twice"
    )
    assert packages.pop("python") == project["requires-python"]
    packages.pop("pip")
    by_pip = [Requirement(line) for line in conda[-1]["pip"] if not line.startswith("-e")]
    read = {
        canonicalize_name(CONDA.get(name, name)): SpecifierSet(ranges)
        for name, ranges in packages.items()
    }
    assert read | {canonicalize_name(one.name): one.specifier for one in by_pip} == wanted
    assert {one.name for one in by_pip} == ONLY_ON_PYPI


def test_conda_users_get_this_project_from_where_they_stand(conda):
    assert conda[-1]["pip"][-1] == "-e ."


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_one_version_of_each_package_within_its_range(python, locked, wanted):
    where = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
    }
    where |= {"platform_machine": "x86_64", "platform_system": "Linux", "os_name": "posix"}
    here = [one for one in locked if one.marker is None or one.marker.evaluate(where)]
    versions = {
        canonicalize_name(one.name): Version(str(one.specifier).removeprefix("==")) for one in here
    }
    assert len(versions) == len(here)
    assert {
        name: str(versions[name]) for name, ranges in wanted.items() if versions[name] not in ranges
    } == {}


def test_every_locked_version_is_exact_and_has_hashes():
    text = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(entries) > 100
    assert [
        entry.split()[0]
        for entry in entries
        if not re.match(r"[a-z0-9._-]+==\S+.*(\n +--hash=sha256:\w{64})+", entry)
    ] == []


def test_the_lock_names_no_address():
    text = (ROOT / "requirements.lock").read_text()
    assert re.findall(r"://|--(?:extra-)?index-url|--find-links|file:| @ ", text) == []


def test_what_the_code_imports_is_declared(wanted):
    names = {
        "PIL": "pillow",
        "ruamel": "ruamel-yaml",
        "SALib": "salib",
        "IPython": "ipython",
        "vl_convert": "vl-convert-python",
        "py_mini_racer": "mini-racer",
    }
    code = [path for folder in ("analysis", "tests") for path in (ROOT / folder).rglob("*.py")]
    trees = [ast.parse(path.read_text()) for path in code]
    own = {path.stem for path in code} | set(sys.stdlib_module_names) | {"analysis"}
    read = {
        a.name.split(".")[0]
        for t in trees
        for n in ast.walk(t)
        if isinstance(n, ast.Import)
        for a in n.names
    }
    read |= {
        n.module.split(".")[0]
        for t in trees
        for n in ast.walk(t)
        if isinstance(n, ast.ImportFrom) and n.module
    }
    missing = {
        name for name in read - own if canonicalize_name(names.get(name, name)) not in wanted
    }
    by_hand = {
        "torch",
        "pynvml",
        "jupyter_cache",
    }  # for a graphics processor; for a peer that a benchmark runs if it is there
    assert missing - by_hand == set()


def test_python_versions_agree(project):
    assert [
        python
        for python in PYTHONS
        if not SpecifierSet(project["requires-python"]).contains(python)
    ] == []
    assert not SpecifierSet(project["requires-python"]).contains("3.10")


def test_what_a_fresh_machine_needs_is_named_by_the_makefile():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    assert {"env", "reports", "test", "lab", "bench", "lint", "lock"} <= set(targets)
