"""Dollars are dollars: tools that typeset mathematics take no money for a formula.

Each notebook is run by a stock kernel and converted to HTML by nbconvert. The MathJax of
JupyterLab, from its own files and without a network, then typesets it as these tools do.
"""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from chromium import NEEDS_CHROMIUM, opened_chromium
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor

from analysis.press.html import PageFrame, render
from analysis.press.normalise import normalise

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
WITH_MONEY = {"cost", "efficiency"}  # two dollars in one cell, and unsafe if searched
pytestmark = [*NEEDS_CHROMIUM, pytest.mark.slow]

# Typesets a page in an element of its own, and gives the formulas that were found.
TYPESET = """async (html) => {
  const plugins = window.jupyterapp.pluginRegistry._plugins;
  const typesetter = plugins.get('@jupyterlab/mathjax-extension:plugin').service;
  const host = document.createElement('div');
  host.innerHTML = new DOMParser().parseFromString(html, 'text/html').body.innerHTML;
  document.body.append(host);
  await typesetter.typeset(host);
  const formulas = [...host.querySelectorAll('mjx-container')];
  const found = formulas.map((one) => one.parentNode.textContent.slice(0, 200));
  host.remove();
  return found;
}"""
# Texts of the elements chosen, in order, cells of tables apart; without those that hold a chart.
TEXTS = """([html, selector]) => {
  const body = new DOMParser().parseFromString(html, 'text/html').body;
  const text = (one) => {
    one.querySelectorAll('style, script').forEach((part) => part.remove());
    one.querySelectorAll('td, th').forEach((cell) => cell.append(' | '));
    return one.textContent.replace(/\\s+/g, ' ').trim();
  };
  const chosen = [...body.querySelectorAll(selector)];
  return chosen.filter((one) => !one.querySelector('.passthrough')).map(text);
}"""
IN_NBCONVERT = ".jp-OutputArea-output"
IN_A_PAGE = ".out, .answer > :not(.verdict)"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A function that runs a notebook by a stock kernel, once, and gives it with its outputs."""
    done: dict[str, nbformat.NotebookNode] = {}

    def run(name: str) -> nbformat.NotebookNode:
        if name not in done:
            notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
            resources = {"metadata": {"path": str(FOLDER)}}
            done[name], _ = ExecutePreprocessor(timeout=300).preprocess(notebook, resources)
        return done[name]

    return run


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A page of JupyterLab with its application and its MathJax within reach of scripts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("lab")
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        f"--ServerApp.root_dir={home}",
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
    ]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home)}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server)
        with opened_chromium() as browser:
            opened = browser.new_page()
            opened.goto(f"http://127.0.0.1:{port}/lab")
            opened.wait_for_function("window.jupyterapp?.restored", timeout=60_000)
            yield opened
    finally:
        server.terminate()
        server.wait(20)


def wait_for(port: int, server: subprocess.Popen) -> None:
    """Return once the server answers; AssertionError where it ends or takes a minute."""
    for _ in range(120):
        assert server.poll() is None, "JupyterLab did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.5)
    raise AssertionError("JupyterLab did not answer within a minute")


def converted(notebook: nbformat.NotebookNode) -> str:
    """The notebook as nbconvert's HTML."""
    html, _ = HTMLExporter(embed_images=False).from_notebook_node(notebook)
    return html


def rendered(notebook: nbformat.NotebookNode) -> str:
    """The notebook as a page of this project."""
    plain = json.loads(nbformat.writes(notebook, split_lines=False))
    about = PageFrame("", "", "", "", scenario="", notebook="", siblings=(), root="")
    return render(normalise(plain), about)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_money_is_typeset_as_a_formula(name, executed, lab):
    html = converted(executed(name))
    assert lab.evaluate(TYPESET, html) == []
    if name in WITH_MONEY:
        searched = html.replace("mathjax_ignore", "")
        assert lab.evaluate(TYPESET, searched) != [], "nothing was there to be mistaken"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_tool_shows_the_words_of_the_page(name, executed, lab):
    notebook = executed(name)
    shown = lab.evaluate(TEXTS, [converted(notebook), IN_NBCONVERT])
    on_the_page = lab.evaluate(TEXTS, [rendered(notebook), IN_A_PAGE])
    assert len(shown) > 1
    assert shown == on_the_page


def test_a_formula_that_is_meant_is_found(lab):
    assert len(lab.evaluate(TYPESET, "<p>Of $x^2$.</p>")) == 1
