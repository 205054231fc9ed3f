"""The shape that the design promises: layers that import downwards, thin notebooks, small rooms, no
addresses.
"""

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from clean_notebook import COUNT
from headlines import KERNEL, LANGUAGE

from analysis.units import unit_of

ROOT = Path(__file__).parents[1]
# A module imports from rooms with a lower number and from its own. The press imports
# no room at all, and pages alone may use what it offers for showing charts and marking outputs.
LAYERS = {
    "units": 0,
    "laws": 1,
    "facts": 2,
    "scenario": 3,
    "model": 4,
    "calibration": 5,
    "questions": 5,
    "pages": 6,
}
MODULES = sorted((ROOT / "analysis").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def tracked() -> list[Path]:
    try:
        said = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [path for name in said.split("\0") if name and (path := ROOT / name).is_file()]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room(module: str) -> str:
    """The room of the package that a module stands in; blank outside the package."""
    parts = module.split(".")
    return parts[1] if parts[0] == "analysis" and len(parts) > 1 else ""


def allowed(own: str, other: str) -> bool:
    """Whether a module of one room may import one of another."""
    if other == "" or own == other or own in ("__init__", "__main__"):
        return True
    if other == "press":
        return own == "pages"
    return own != "press" and LAYERS.get(other, 9) < LAYERS[own]


def imported(tree: ast.AST) -> list[str]:
    """Modules that a tree names in imports, at the top or inside functions."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            inside = "analysis." * (node.module == "analysis" or node.level > 0)
            found += (
                [f"{inside}{a.name}" for a in node.names]
                if node.module == "analysis"
                else [f"{node.module}"]
            )
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_from_lower_rooms_or_its_own(path):
    own = room(".".join(path.relative_to(ROOT).with_suffix("").parts))
    wrong = [name for name in imported(ast.parse(path.read_text())) if not allowed(own, room(name))]
    assert wrong == [], f"{name_of(path)} imports {wrong}"


def test_importing_the_package_loads_no_optimiser_and_no_sampler():
    """What fits and samples takes long to import, and most uses of the package need neither."""
    code = (
        "import importlib, pkgutil, sys, analysis\n"
        "for each in pkgutil.walk_packages(analysis.__path__, 'analysis.'):\n"
        "    if each.name.split('.')[1] not in ('__main__', 'calibration', 'press'):\n"
        "        importlib.import_module(each.name)\n"
        "print([name for name in ('scipy.optimize', 'SALib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_functions_and_modules_say_what_they_give_in_a_sentence(path):
    tree = ast.parse(path.read_text())
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
    ]
    sayings = {node.name: ast.get_docstring(node) or "" for node in public}
    if tree.body:
        sayings["the module"] = ast.get_docstring(tree) or ""
    first = {name: said.split("\n\n")[0].strip() for name, said in sayings.items()}
    assert [
        name for name, said in first.items() if not re.match(r"[A-Z`'\"(].*[.:?!)]$", said, re.S)
    ] == []


# quantities.py reads the table of titles and has no law.
LAW_MODULES = [path for path in MODULES if "laws" in path.parts and path.stem != "quantities"]


@pytest.mark.parametrize("path", LAW_MODULES, ids=name_of)
def test_laws_and_their_arguments_are_named_with_units(path):
    public = [
        node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
    ]
    named = [
        n
        for f in public
        if f.name[0] != "_"
        for n in (f.name, *(a.arg for a in f.args.args + f.args.kwonlyargs))
    ]
    for name in named:
        unit_of(name)
    defaults = [f.name for f in public if f.args.defaults or any(f.args.kw_defaults)]
    assert defaults == [], "a law has no defaults: they would hide facts"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_code_swallows_every_error_or_logs(path):
    tree = ast.parse(path.read_text())
    bare = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    silent = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and isinstance(node.type, ast.Name)
        and node.type.id in ("Exception", "BaseException")
        and all(isinstance(done, ast.Pass) for done in node.body)
    ]
    assert (bare, silent) == ([], [])
    assert "logging" not in imported(tree)


# Notebooks.
def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_is_thin(path):
    nb = json.loads(path.read_text())
    assert (nb["nbformat"], nb["nbformat_minor"] >= 5) == (4, True)
    names = [cell.get("id", "") for cell in nb["cells"]]
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9-]*", name)] == [], (
        "ids are readable words"
    )
    assert len(set(names)) == len(names)
    for cell in cells(path, "code"):
        text, at = source(cell), f"{path.stem}#{cell['id']}"
        tree = ast.parse(text)
        assert len(text.splitlines()) <= 8, at
        banned = (
            ast.FunctionDef,
            ast.ClassDef,
            ast.For,
            ast.While,
            ast.Lambda,
            ast.AsyncFunctionDef,
            ast.Try,
        )
        assert not [node for node in ast.walk(tree) if isinstance(node, banned)], at
        assert not re.search(
            r"https?://|open\(|Path\(|\.\./|requests|urllib|read_csv|^[!%]", text, re.M
        ), at
        assert set(imported(tree)) <= {"analysis", "altair", "pandas", "numpy"} or all(
            name.startswith("analysis") for name in imported(tree)
        ), at


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_argues_in_prose(path):
    """At least four words of prose a line of code: written ones, and those that sentences of code
    compute.
    """
    lines = [
        line for cell in cells(path, "code") for line in source(cell).splitlines() if line.strip()
    ]
    words = sum(len(source(cell).split()) for cell in cells(path, "markdown"))
    sayings = [
        node.value
        for cell in cells(path, "code")
        for node in ast.walk(ast.parse(source(cell)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    words += sum(len(text.split()) for text in sayings if len(text.split()) > 4)
    assert words >= 4 * len(lines)
    assert source(cells(path, "markdown")[0]).startswith("# ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_is_committed_without_outputs_but_the_checked_headline(path):
    assert uncommittable(json.loads(path.read_text())) == []


def uncommittable(nb: dict) -> list[str]:
    """What a notebook holds that is not to be committed."""
    found = []
    code = [cell for cell in nb["cells"] if cell["cell_type"] == "code"]
    checked = [cell for cell in code if "nbval-check-output" in tags(cell)]
    if len(checked) > 1:
        found.append(f"{len(checked)} checked cells")
    for cell in code:
        if cell["execution_count"] != (COUNT if cell in checked else None):
            found.append(f"{cell['id']}: a count, or a checked output without that of the filter")
        if len(cell["outputs"]) > (cell in checked):
            found.append(f"{cell['id']}: outputs")
        if ("keep_output" in tags(cell)) != (cell in checked):
            found.append(f"{cell['id']}: kept and not checked, or checked and not kept")
    for cell in nb["cells"]:
        found += [f"{cell['id']}: {key}" for key in cell["metadata"] if key != "tags"]
    if nb["metadata"] != {"kernelspec": KERNEL, "language_info": LANGUAGE}:
        found.append("metadata of the notebook")
    return found


def plant_output(nb: dict) -> None:
    nb["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["1"]}]


def plant_count(nb: dict) -> None:
    nb["cells"][1]["execution_count"] = 1


def plant_headline_that_did_not_run(nb: dict) -> None:
    (headline,) = [cell for cell in nb["cells"] if "nbval-check-output" in tags(cell)]
    headline["execution_count"] = None  # nbval would compare nothing


def plant_second_headline(nb: dict) -> None:
    nb["cells"][1]["metadata"]["tags"] = ["headline", "keep_output", "nbval-check-output"]


def plant_second_output(nb: dict) -> None:
    (headline,) = [cell for cell in nb["cells"] if "nbval-check-output" in tags(cell)]
    headline["outputs"].append({"output_type": "stream", "name": "stdout", "text": ["1"]})


def plant_timing(nb: dict) -> None:
    nb["cells"][1]["metadata"]["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}


def plant_widgets(nb: dict) -> None:
    nb["metadata"]["widgets"] = {}


def plant_short_language(nb: dict) -> None:
    nb["metadata"]["language_info"] = {"name": "python"}


PLANTS = (
    plant_output,
    plant_count,
    plant_headline_that_did_not_run,
    plant_second_headline,
    plant_second_output,
    plant_timing,
    plant_widgets,
    plant_short_language,
)


@pytest.mark.parametrize("plant", PLANTS, ids=[plant.__name__ for plant in PLANTS])
def test_what_a_run_leaves_in_a_notebook_is_found(plant):
    nb = json.loads((ROOT / "notebooks/cost.ipynb").read_text())
    assert uncommittable(nb) == []
    plant(nb)
    assert uncommittable(nb) != []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_notebook_has_one_cell_of_parameters_each_with_its_type_and_what_it_means(path):
    parameters = [source(cell) for cell in cells(path, "code") if "parameters" in tags(cell)]
    assert len(parameters) == 1
    statements = ast.parse(parameters[0]).body
    assert all(isinstance(statement, ast.AnnAssign) for statement in statements)
    names = [statement.target.id for statement in statements]
    assert names in (
        ["scenario", "overrides"],
        ["scenario", "overrides", "sweep"],
        ["overrides"],
        [],
    )
    for line in parameters[0].splitlines():
        assert re.search(r"  # \w.{20,}", line), (
            "papermill --help-notebook prints what stands there"
        )


def test_there_are_notebooks():
    assert {"efficiency", "cost", "rollout"} <= {path.stem for path in NOTEBOOKS}


# Addresses.
# Written in pieces, so that this file does not hold what it looks for.
HOSTS = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "registry.npmjs" + ".org",
    "deb.debian" + ".org",
    "anaconda" + ".org",
)
MACHINE = re.compile(r"(?<![\w.:/])/(?:work|home|root|Users|opt|mnt)/\w")


def test_no_tracked_file_names_a_package_host_or_a_path_of_a_machine():
    found = {}
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        hits = [host for host in HOSTS if host in text] + MACHINE.findall(text)
        if hits:
            found[name_of(path)] = hits
    assert found == {}


def test_nothing_stands_at_the_top_but_what_the_design_names():
    known = {
        *(
            "README.md",
            "CONTRIBUTING.md",
            "CHANGELOG.md",
            "LICENSE",
            "NOTICE",
            "CITATION.cff",
            "environment.yml",
        ),
        *(
            "pyproject.toml",
            "requirements.lock",
            "Makefile",
            "params",
            "notebooks",
            "analysis",
            "reports",
            "tests",
        ),
        *(".ci", ".gitignore", ".gitattributes", ".pre-commit-config.yaml", ".github"),
    }
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} - known == set()


def test_the_readme_is_read_in_a_few_minutes():
    assert len((ROOT / "README.md").read_text().splitlines()) < 200


def test_links_of_the_texts_lead_to_files_of_the_project():
    found = {}
    for path in tracked():
        if path.suffix == ".md":
            links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text())

            found[name_of(path)] = [link for link in links if not (path.parent / link).exists()]
    assert found
    assert {name: links for name, links in found.items() if links} == {}


def test_of_the_reports_only_numbers_and_answers_are_kept():
    kept = [path for path in tracked() if path.is_relative_to(ROOT / "reports")]
    names = {"numbers.csv", "answer.json", "answer.schema.json"}
    assert [name_of(path) for path in kept if path.name not in names] == []


BENCHMARKS = sorted((ROOT / "tests/benchmarks").glob("bench_*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_imports_what_there_is(path):
    """Benchmarks run by hand; what they import is renamed by others."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis"):
            module = importlib.import_module(str(node.module))
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []
