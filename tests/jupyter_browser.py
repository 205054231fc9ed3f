"""JupyterLab, Voila and nbconvert's pages in Chromium without a network, and what they show."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import jupyter_server_mathjax

MATHJAX = Path(jupyter_server_mathjax.__file__).parent / "static"
CONFIGURATION = "TeX-AMS-MML_HTMLorMML-full,Safe"  # the one that the package has
# Words of prose, sentences and tables in their order. Charts, code and prompts are left out.
SHOWN_BY_TOOLS = ".jp-MarkdownOutput, .jp-OutputArea-output"
SHOWN_BY_A_PAGE = "main > *"
WORDS = """([root, selector]) => {
  const left_out = 'style, script, .jp-InternalAnchorLink, .anchor-link, .verdict, .question, '
    + 'details.code, figure.chart, .passthrough, .jp-mod-hidden';
  const inline = 'a, b, strong, em, i, code, span, bdi, sub, sup, time';
  return [...root.querySelectorAll(selector)].flatMap((shown) => {
    if (shown.matches(left_out)) return [];
    const copy = shown.cloneNode(true);
    copy.querySelectorAll(left_out).forEach((part) => part.remove());
    copy.querySelectorAll(`*:not(${inline})`).forEach((part) => part.append(' '));
    return copy.textContent.split(/\\s+/).filter((word) => word);
  });
}"""
FORMULAS = (
    "mjx-container, .MathJax, .MathJax_CHTML, .MathJax_SVG, .MathJax_Preview, .MJX_Assistive_MathML"
)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(command: list[str], port: int, folder: Path, **environment: str):
    """A server that runs while the block does; AssertionError where it does not answer."""
    log = folder / f"server-{port}.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        for _ in range(240):
            assert server.poll() is None, log.read_text()[-2000:]
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            raise AssertionError("no answer within two minutes: " + log.read_text()[-2000:])
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


def with_mathjax(context) -> None:
    """Give pages in a browser context the MathJax for which they ask the network."""

    def answer(route) -> None:
        path = urlsplit(route.request.url).path
        name = path.partition("/mathjax/")[2].partition("/")[2]
        if name == "latest.js":
            source = f"{path.rpartition('/')[0]}/MathJax.js?config={CONFIGURATION}"
            route.fulfill(
                content_type="text/javascript",
                body="const script = document.createElement('script');"
                f"script.src = 'https://cdnjs.cloudflare.com{source}';"
                "document.head.append(script);",
            )
        elif (MATHJAX / name).is_file():
            route.fulfill(path=MATHJAX / name)
        else:
            route.abort()

    context.route("https://cdnjs.cloudflare.com/ajax/libs/mathjax/**", answer)


def words_of_html(page, html: str, selector: str) -> list[str]:
    """Words of HTML that is parsed and not run."""
    parsed = "new DOMParser().parseFromString(html, 'text/html')"
    script = f"([html, selector]) => ({WORDS})([{parsed}, selector])"
    return page.evaluate(script, [html, selector])


def words_shown(page, selector: str) -> list[str]:
    """Words that an open page shows."""
    return page.evaluate(f"(selector) => ({WORDS})([document, selector])", selector)


def wait_for_mathjax(page) -> None:
    """Return once MathJax has looked through the whole page."""
    page.wait_for_function("window.MathJax?.Hub?.queue && MathJax.isReady", timeout=60_000)
    page.evaluate("() => new Promise((done) => MathJax.Hub.Queue(() => done()))")


def wait_until_still(page, selector: str) -> None:
    """Return once a page has its MathJax and what it shows has not changed for three seconds."""
    page.wait_for_function("window.MathJax", timeout=120_000)
    before: list[str] = []
    same = 0
    for _ in range(120):
        shown = words_shown(page, selector)
        same = same + 1 if shown and shown == before else 0
        if same == 3:
            return
        before = shown
        page.wait_for_timeout(1000)
    raise AssertionError("the page still changes after two minutes")


def formulas(page) -> list[str]:
    """Texts around what was typeset as mathematics."""
    return page.evaluate(
        "(chosen) => [...document.querySelectorAll(chosen)]"
        ".map((one) => one.parentNode.textContent.slice(0, 200))",
        FORMULAS,
    )


class Lab:
    """JupyterLab as `make lab` starts it, on a copy of the project's notebooks."""

    def __init__(self, page, address: str, project: Path):
        self.page = page
        self.address = address
        self.project = project

    def open(self, path: str = "") -> None:
        """Open a notebook of the project, or what stands in front at the start."""
        self.page.goto(f"{self.address}/lab/tree/{path}?reset" if path else self.address)
        self.page.wait_for_function("window.jupyterapp?.restored", timeout=120_000)
        self.page.evaluate("() => window.jupyterapp.restored.then(() => null)")
        self.page.wait_for_selector(".jp-NotebookPanel:visible .jp-Cell", timeout=60_000)

    def run_all_and_save(self) -> None:
        """Run all cells of the notebook in front, wait for them, and save; an error after three
        minutes.
        """
        self.page.evaluate(
            """async () => {
              const app = window.jupyterapp;
              const panel = app.shell.currentWidget;
              const run = async () => {
                await panel.sessionContext.ready;
                await panel.sessionContext.session.kernel.info;
                await app.commands.execute('notebook:run-all-cells');
                await app.commands.execute('docmanager:save');
              };
              const late = new Promise((_, fail) => {
                const say = () => fail(new Error(document.body.innerText.slice(0, 2000)));
                setTimeout(say, 180_000);
              });
              await Promise.race([run(), late]);
            }"""
        )


@contextmanager
def jupyterlab(browser, project: Path):
    """JupyterLab by `make lab` in a folder, without a user's settings and without news."""
    home = project.parent / "jupyter-home"
    settings = home / "settings"
    for plugin, text in (
        ("notebook-extension/tracker", '{"windowingMode": "none"}'),  # every cell in the page
        ("apputils-extension/notification", '{"fetchNews": "false"}'),
    ):
        path = settings / f"@jupyterlab/{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    port = free_port()
    options = [
        "--no-browser",
        f"--ServerApp.port={port}",
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
    ]
    command = ["make", "lab", f"BIN={Path(sys.executable).parent}"]
    command.append(f"LAB_OPTIONS={' '.join(options)}")
    command += ["--assume-old=.venv/ready", "--no-print-directory"]
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    environment = dict.fromkeys(names, str(home))
    environment["JUPYTERLAB_SETTINGS_DIR"] = str(settings)
    environment["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "workspaces")
    with serving(command, port, project, **environment) as address:
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        yield Lab(context.new_page(), address, project)
        context.close()
