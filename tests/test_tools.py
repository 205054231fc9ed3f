"""The notebooks in the tools in which people open them show what the report page shows.

JupyterLab runs all cells and saves; the saved files then go through nbval, nbconvert, jupytext and
nbdime. Voila runs them once more. Nothing asks a network.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from chromium import NEEDS_CHROMIUM, opened_chromium
from clean_notebook import strip
from headlines import KERNEL, LANGUAGE
from jupyter_browser import (
    SHOWN_BY_A_PAGE,
    SHOWN_BY_TOOLS,
    Lab,
    formulas,
    free_port,
    jupyterlab,
    serving,
    wait_for_mathjax,
    wait_until_still,
    with_mathjax,
    words_of_html,
    words_shown,
)

from analysis.press import html as press
from analysis.press.normalise import normalise

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
# Of these a build for one scenario makes the page; the page of `comparison` is of all scenarios,
# and that of `sweep` of the values that `--set` names.
WITH_A_PAGE = [name for name in NOTEBOOKS if name not in ("comparison", "sweep")]
pytestmark = [*NEEDS_CHROMIUM, pytest.mark.slow]


def run(*words: object, cwd: Path = ROOT, **environment: str) -> str:
    """What a module's command prints; AssertionError with its words where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def browser():
    with opened_chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A copy of what a person works on: notebooks, scenarios, reports."""
    folder = tmp_path_factory.mktemp("project") / "passthrough"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("notebooks", "params", "reports"):
        ignored = shutil.ignore_patterns(".*", "*.html")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    (folder / "tests").mkdir()
    for script in ("notebook_filter.py", "clean_notebook.py"):
        shutil.copy(ROOT / "tests" / script, folder / "tests")
    return folder


@pytest.fixture(scope="module")
def lab(browser, project):
    with jupyterlab(browser, project) as opened:
        yield opened


@pytest.fixture(scope="module")
def shown_in_lab(lab) -> dict[str, dict]:
    """Words and formulas of each notebook in JupyterLab after Run All; the files are saved."""
    shown = {}
    for name in NOTEBOOKS:
        lab.open(f"notebooks/{name}.ipynb")
        lab.run_all_and_save()
        shown[name] = {
            "words": words_shown(lab.page, SHOWN_BY_TOOLS),
            "formulas": formulas(lab.page),
        }
    return shown


@pytest.fixture(scope="module")
def saved(shown_in_lab, project) -> dict[str, Path]:
    """The notebooks as JupyterLab saved them, with their outputs."""
    return {name: project / "notebooks" / f"{name}.ipynb" for name in NOTEBOOKS}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    if built := os.environ.get("PASSTHROUGH_SITE"):
        return Path(built).absolute()
    folder = tmp_path_factory.mktemp("site")
    run("analysis", "report", "article", "--jobs", 1, "--output", folder)
    return folder


@pytest.fixture(scope="module")
def words_of_page(site, saved, browser):
    """A function that gives the words of a notebook's report page."""
    page = browser.new_page()

    def words(name: str) -> list[str]:
        in_scenario = site / "article" / f"{name}.html"
        path = in_scenario if in_scenario.exists() else site / f"{name}.html"
        html = path.read_text() if name in WITH_A_PAGE else rendered(saved[name])
        return words_of_html(page, html, SHOWN_BY_A_PAGE)

    yield words
    page.close()


def rendered(path: Path) -> str:
    """A saved notebook as a page of this project."""
    notebook = nbformat.read(path, as_version=4)
    plain = json.loads(nbformat.writes(notebook, split_lines=False))
    frame = press.PageFrame(
        name="",
        title="",
        question="",
        as_of="",
        scenario="",
        notebook=path.stem,
        siblings=(),
        root="",
    )
    return press.render(normalise(plain), frame, "", None)


def assert_same_words(found: list[str], expected: list[str]) -> None:
    """AssertionError with the first place where two texts part."""
    assert len(expected) > 100
    for at, (one, other) in enumerate(zip(found, expected, strict=False)):
        near = slice(max(at - 12, 0), at + 12)
        assert one == other, (
            f"{' '.join(found[near])}\n  is on the page\n{' '.join(expected[near])}"
        )
    assert len(found) == len(expected), f"{found[len(expected) :]} or {expected[len(found) :]}"


def test_make_lab_stands_at_the_root_with_efficiency_in_front(lab):
    lab.open()
    assert lab.page.url.partition("?")[0].endswith("/lab/tree/notebooks/efficiency.ipynb")
    lab.page.wait_for_selector(".jp-DirListing-item:has-text('params')", timeout=20_000)
    listed = lab.page.locator(".jp-DirListing-itemText").all_inner_texts()
    assert {"notebooks", "params", "reports"} <= set(listed)
    front = lab.page.locator(".lm-TabBar-tab.lm-mod-current .lm-TabBar-tabLabel").all_inner_texts()
    assert "efficiency.ipynb" in front


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_jupyterlab_shows_the_words_of_the_page_and_no_formula(name, shown_in_lab, words_of_page):
    assert shown_in_lab[name]["formulas"] == []
    assert_same_words(shown_in_lab[name]["words"], words_of_page(name))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nbconverts_html_shows_the_words_of_the_page(name, saved, words_of_page, browser, tmp_path):
    (path,) = converted(saved[name], "html", tmp_path)
    context = browser.new_context()
    with_mathjax(context)
    page = context.new_page()
    page.goto(path.as_uri())
    wait_for_mathjax(page)
    assert formulas(page) == []
    assert_same_words(words_shown(page, SHOWN_BY_TOOLS), words_of_page(name))
    context.close()


def test_a_formula_that_is_meant_is_typeset_by_nbconverts_html(browser, tmp_path):
    cells = [nbformat.v4.new_markdown_cell("Of $x^2$, and of \\$5 and \\$6.")]
    notebook = tmp_path / "formula.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    (path,) = converted(notebook, "html", tmp_path)
    context = browser.new_context()
    with_mathjax(context)
    page = context.new_page()
    page.goto(path.as_uri())
    wait_for_mathjax(page)
    assert formulas(page) != []
    context.close()


@pytest.fixture(scope="module")
def voila(browser, project, saved):
    """A page of Voila, which runs a notebook for each who asks."""
    port = free_port()
    command = [sys.executable, "-m", "voila", "notebooks", "--no-browser", f"--port={port}"]
    home = str(project.parent / "voila-home")
    with serving(command, port, project, JUPYTER_CONFIG_DIR=home) as address:
        context = browser.new_context()  # Voila brings JupyterLab's own MathJax
        page = context.new_page()
        page.set_default_timeout(180_000)
        yield page, address
        context.close()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_voila_shows_the_words_of_the_page(name, voila, words_of_page):
    page, address = voila
    page.goto(f"{address}/voila/render/{name}.ipynb", wait_until="domcontentloaded")
    wait_until_still(page, SHOWN_BY_TOOLS)
    assert formulas(page) == []
    assert_same_words(words_shown(page, SHOWN_BY_TOOLS), words_of_page(name))


def test_nbval_passes_after_run_all_and_save(saved):
    """All outputs of all cells; --nbval-lax compares a part of them."""
    folder = next(iter(saved.values())).parent
    run("pytest", "-q", "-p", "no:cacheprovider", "--nbval", folder, cwd=folder)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_was_saved_is_committed_as_it_was(name, saved):
    notebook = nbformat.read(saved[name], as_version=4)
    kept = strip(notebook)
    assert nbformat.writes(kept) + "\n" == (ROOT / "notebooks" / f"{name}.ipynb").read_text()


def test_nbdime_has_nothing_to_say_of_what_was_written(saved):
    for name, path in saved.items():
        committed = ROOT / "notebooks" / f"{name}.ipynb"
        assert run("nbdime", "diff", "--sources", committed, path).strip() == ""


def test_jupytext_goes_there_and_back():
    paths = [ROOT / "notebooks" / f"{name}.ipynb" for name in NOTEBOOKS]
    for form in ("py:percent", "md"):
        run("jupytext", "--quiet", "--to", form, "--test", *paths)


def converted(notebook: Path, form: str, folder: Path, **environment: str) -> list[Path]:
    """The files that nbconvert makes of a notebook."""
    words = ["--to", form, notebook, "--output-dir", folder / "converted"]
    if form == "webpdf" and os.getuid() == 0:
        words.append("--disable-chromium-sandbox")
    run("nbconvert", *words, **environment)
    return sorted((folder / "converted").iterdir())


HEADLINE = "application/vnd.passthrough.headline+json"


def headline(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return next(output.data[HEADLINE]["headline"] for output in outputs if HEADLINE in output.data)


@pytest.mark.parametrize("name", ["efficiency", "cost", "rollout", "validation"])
def test_nbconvert_makes_every_form_of_a_notebook(name, saved, tmp_path):
    first_words = headline(saved[name]).partition("$")[0].partition("%")[0][:40]
    script, markdown, slides = (tmp_path / form for form in ("script", "markdown", "slides"))
    (path,) = converted(saved[name], "script", script)
    assert path.suffix == ".py"
    ast.parse(path.read_text())
    (path,) = converted(saved[name], "markdown", markdown)
    assert first_words in path.read_text()
    (path,) = converted(saved[name], "slides", slides)
    assert path.name.endswith(".slides.html")
    assert first_words in path.read_text()


@pytest.mark.skipif(
    shutil.which("pandoc") is None and not os.environ.get("CI"),
    reason="no pandoc: apt-get install pandoc",
)
@pytest.mark.parametrize("name", ["cost", "rollout"])
def test_nbconvert_makes_latex(name, saved, tmp_path):
    (path,) = converted(saved[name], "latex", tmp_path)
    assert "\\documentclass" in path.read_text()
    assert headline(saved[name])[:30] in path.read_text()


def test_webpdf_finds_the_chromium_of_this_machine(saved, tmp_path):
    browsers = tmp_path / "browsers"
    printed = subprocess.run(
        [sys.executable, ROOT / "tests/link_chromium.py", browsers],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    name, _, value = printed.strip().removeprefix("export ").partition("=")
    (path,) = converted(saved["cost"], "webpdf", tmp_path, **{name: value})
    assert path.read_bytes().startswith(b"%PDF")
    assert path.stat().st_size > 100_000


def test_a_form_in_jupyterlab_saves_a_scenario(lab: Lab, project, tmp_path):
    cells = [nbformat.v4.new_code_cell("import analysis as an\n\nan.form('article')")]
    metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, project / "form.ipynb")
    page = lab.page
    lab.open("form.ipynb")
    lab.run_all_and_save()
    form = page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output")
    form.get_by_text("Workload", exact=True).click()
    field = form.locator(".widget-hbox:has(> .widget-label:text-is('output_tokens')) input")
    field.fill("0")
    field.press("Tab")
    page.wait_for_selector("text=workload.output_tokens: Input should be greater than")
    field.fill("512")
    field.press("Tab")
    page.wait_for_selector("text=workload: {output_tokens: 512}")
    page.get_by_placeholder("a name in params/").fill(str(tmp_path / "ours.yml"))
    page.get_by_placeholder("a name in params/").press("Tab")
    form.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_selector("text=To use it in a notebook")
    assert "workload: {output_tokens: 512}" in (tmp_path / "ours.yml").read_text()
