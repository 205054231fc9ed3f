"""Copy a finished site to a folder or any fsspec URL: only what changed, pages before the index."""

import hashlib
import json
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from analysis.press import storage as store

MANIFEST = "published.json"
# A reader may keep the library for good, because its name holds its content; a page is asked for
# again each time.
KEPT, ASKED = "public, max-age=31536000, immutable", "no-cache"
LISTED = 5  # names in a message


def publish(
    destination: str,
    source: str = "reports",
    prune: bool = False,
    dry_run: bool = False,
    say: Callable[[str], None] = print,
    force: bool = False,
) -> dict:
    """Counts of files copied, removed and left as they are; `prune` removes what an earlier
    publication left over, `force` copies what lies there already, too.

    Files at the destination are compared with those here. The manifest of the last publication,
    which is written last, says what was published from here: nothing else is ever removed, and
    nothing outside the destination is touched. OSError where a link leads out of either, and where
    the copy cannot be finished; it names what is missing, and the same call goes on from there.
    """
    with store.lock(source, say):
        here = {name: store.get(source, name) or b"" for name in _published_from(source)}
        if "index.html" not in here:
            raise FileNotFoundError(f"{source} holds no finished site: there is no index.html")
        if not dry_run:
            store.sweep(destination)
        digests = {name: store.digest(data) for name, data in here.items()}
        there = _manifest(destination, say)
        same = set() if force else _unchanged(destination, here)
        changed = sorted(set(here) - same, key=_order)
        gone = _left_over(destination, set(there) - set(here), there, say) if prune else []
        if not dry_run:
            _refuse_links(destination, [*changed, *gone])
        left = {name: mark for name, mark in there.items() if not prune or name not in gone}
        if dry_run:
            for name in changed:
                say(f"copy {name}")
        else:
            _copy(destination, here, changed, left | digests, say)
        for name in gone:
            say(f"remove {name}")
            if not dry_run:
                store.drop(destination, name)
        manifest = json.dumps(left | digests, indent=0, sort_keys=True)
        if not dry_run and (changed or gone or left | digests != there):
            store.put(destination, MANIFEST, manifest)
    return {"copied": len(changed), "removed": len(gone), "unchanged": len(same)}


def _copy(
    destination: str,
    here: Mapping[str, bytes],
    changed: Sequence[str],
    manifest: Mapping[str, str],
    say: Callable[[str], None],
) -> None:
    """Copy files in order; where that is cut off, say what is missing and note what is there."""
    for at, name in enumerate(changed):
        say(f"copy {name}")
        try:
            store.put(destination, name, here[name], **_headers(destination, name))
        except BaseException as fault:
            missing = list(changed[at:])
            message = (
                f"{destination} is not whole: {len(missing)} of {len(changed)} files are missing, "
                f"{_listed(missing)}; the same command goes on from there"
            )
            if isinstance(fault, OSError):
                raise OSError(f"{message} ({fault})") from fault
            say(message)
            raise


def _published_from(source: str) -> list[str]:
    """Names of the files of a site that readers get; OSError where one is a link that leads out."""
    names = [name for name in store.names(source) if _public(name)]
    outside = [name for name in names if not store.is_inside(source, name)]
    if outside:
        raise OSError(f"{source}: links lead out of the site: {_listed(outside)}")
    return names


def _manifest(destination: str, say: Callable[[str], None]) -> dict[str, str]:
    """Digests of what the last publication copied, by name; empty where nobody can tell.

    Whoever can write at the destination can write this file: a name counts only where it is one
    that a publication gives.
    """
    text = store.get(destination, MANIFEST)
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        say(f"{MANIFEST} at {destination} cannot be read: nothing is known to be left over")
        return {}
    wrong = [name for name, mark in found.items() if not _is_ours(name) or type(mark) is not str]
    if wrong:
        say(f"{MANIFEST} at {destination} names what no publication has: {_listed(wrong)}")
    return {name: mark for name, mark in found.items() if name not in wrong}


def _is_ours(name: str) -> bool:
    """Whether a publication can have copied a file of this name."""
    path = PurePosixPath(name)
    is_plain = str(path) == name and not path.is_absolute() and "\\" not in name
    is_plain = is_plain and name.isprintable()
    return is_plain and ".." not in path.parts and ":" not in name and _public(name)


def _unchanged(destination: str, here: Mapping[str, bytes]) -> set[str]:
    """Names of the files that lie at the destination as they are here.

    A folder's files are read. An object store says sizes and, most of them, MD5 sums; where none
    of its sums is one (encryption by a key makes them otherwise), the sizes have to do.
    """
    if not store.is_url(destination):
        return {
            name
            for name, data in here.items()
            if store.size(destination, name) == len(data) and store.get(destination, name) == data
        }
    found = store.details(destination)
    same = {name for name, data in here.items() if name in found and found[name].size == len(data)}
    summed = {
        name: hashlib.md5(here[name], usedforsecurity=False) for name in same if found[name].md5
    }
    right = {name for name, sum_ in summed.items() if sum_.hexdigest() == found[name].md5}
    return (same - set(summed)) | (right or set(summed))


def _left_over(
    destination: str, names: set[str], marks: Mapping[str, str], say: Callable[[str], None]
) -> list[str]:
    """Those files of an earlier publication that lie at the destination as it left them."""
    gone = []
    for name in sorted(names):
        if not store.is_inside(destination, name):
            say(f"keep {name}: a link leads out of {destination}")
            continue
        data = store.get_file(destination, name)
        if data is not None and store.digest(data) != marks[name]:
            say(f"keep {name}: somebody has changed it")
        elif data is not None:
            gone.append(name)
    return gone


def _refuse_links(destination: str, names: Sequence[str]) -> None:
    outside = [name for name in names if not store.is_inside(destination, name)]
    if outside:
        raise OSError(f"{destination}: links lead out of it: {_listed(outside)}")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - LISTED
    return ", ".join(map(repr, names[:LISTED])) + (f" and {more} more" if more > 0 else "")


def _public(name: str) -> bool:
    return (
        not name.startswith(".")
        and "/." not in name
        and not name.endswith(".ipynb")
        and name != MANIFEST
    )


def _order(name: str) -> tuple:
    """What pages need, pages, the tables and lists about them, the index."""
    rank = {"assets": 0, "index.html": 3, "feed.xml": 2, "results.csv": 2, "results.parquet": 2}
    rank |= {"scenarios.csv": 2, "scenarios.parquet": 2}
    return rank.get(name.split("/")[0], 1), name


def _headers(destination: str, name: str) -> dict:
    """How long a reader may keep a file and what it is, in the words of the store that can
    say so.
    """
    kept = KEPT if name.startswith("assets/") else ASKED
    kind = (
        "application/atom+xml"
        if name == "feed.xml"
        else mimetypes.guess_type(name)[0] or "application/octet-stream"
    )
    kind += "; charset=utf-8" if kind.startswith("text/") else ""
    scheme = destination.split("://")[0]
    if scheme in ("s3", "s3a"):
        return {"CacheControl": kept, "ContentType": kind}
    if scheme in ("gs", "gcs"):
        return {"content_type": kind, "fixed_key_metadata": {"cache_control": kept}}
    return {}
