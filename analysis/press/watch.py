"""Build again at each change of a file, until interrupted."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.press.build import build, start_pool, stated_variables
from analysis.press.domain import load_domain
from analysis.press.inputs import SUFFIXES, common_digest

if TYPE_CHECKING:
    from watchfiles import Change

WATCHED_SUFFIXES = SUFFIXES | {".ipynb"}
SETTLING_MILLISECONDS = 100  # in which an editor that writes a file twice is done
IDLE_MILLISECONDS = 1000


def watch(
    domain: str,
    scenarios: Sequence[str] = (),
    notebooks: Sequence[str] = (),
    output: str = "reports",
    jobs: int | None = None,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> None:
    """Build, and again at each change; an edited notebook or scenario meets warm workers.

    Arguments as of `build`. A change of code or facts starts the command anew, since what this
    process and its workers have imported is old then.
    """
    from watchfiles import watch as changes_of

    output = str(Path(output).absolute())
    code = common_digest(load_domain(domain))
    paths, is_watched = _watched(domain, scenarios, notebooks)
    variables = stated_variables() | dict(environment or {})
    with start_pool(domain, output, jobs, variables) as pool:
        is_first = True
        for changes in changes_of(
            *paths,
            watch_filter=is_watched,
            debounce=SETTLING_MILLISECONDS,
            step=SETTLING_MILLISECONDS // 2,
            rust_timeout=IDLE_MILLISECONDS,
            yield_on_timeout=True,  # so that the first build follows the start of the watch
        ):
            if not changes and not is_first:
                continue
            is_first = False
            if common_digest(load_domain(domain)) != code:
                pool.close()
                os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
            try:
                build(
                    domain,
                    scenarios,
                    notebooks,
                    output,
                    environment=environment,
                    pool=pool,
                    **options,
                )
            except (OSError, ValueError, RuntimeError) as fault:
                # A file saved by half, for example; the next save mends it.
                print(fault, file=sys.stderr)


def _watched(
    domain: str, scenarios: Sequence[str], notebooks: Sequence[str]
) -> tuple[list[Path], Callable[["Change", str], bool]]:
    """Folders to watch, and whether a change in them counts: of the domain's own files, and of
    those that are named by path. A file's folder is watched, since editors replace files.
    """
    root = load_domain(domain).root
    folders = [root / "notebooks", root / "params"]
    for path in load_domain(domain).inputs:
        folders.append(path if path.is_dir() else path.parent)
    folders = [folder.absolute() for folder in folders if folder.is_dir()]
    files = {Path(name).absolute() for name in [*scenarios, *notebooks] if Path(name).is_file()}

    def counts(_: "Change", name: str) -> bool:
        path = Path(name)
        is_inside = any(path.is_relative_to(folder) for folder in folders)
        return path in files or (is_inside and path.suffix in WATCHED_SUFFIXES)

    return sorted({*folders, *(file.parent for file in files)}), counts
