"""Copy a finished site to a folder or any fsspec URL: only what changed, pages before the index."""

import json
import mimetypes

from analysis.press import storage as store

MANIFEST = "published.json"
# A reader may keep the library for good, because its name holds its content; a page is asked for
# again each time.
KEPT, ASKED = "public, max-age=31536000, immutable", "no-cache"


def publish(
    destination: str, source: str = "reports", prune: bool = False, dry_run: bool = False, say=print
) -> dict:
    """Counts of files copied, removed and left as they are; `prune` removes what an earlier
    publication left over.

    What lies at the destination is known from the manifest of the last publication, which is
    written last: one that was cut off is done again, and no file that was not published from here
    is ever removed.
    """
    with store.lock(source, say):
        here = {
            name: store.digest(store.get(source, name) or b"")
            for name in store.names(source)
            if _public(name)
        }
        if "index.html" not in here:
            raise FileNotFoundError(f"{source} holds no finished site: there is no index.html")
        there = json.loads(store.get(destination, MANIFEST) or b"{}")
        changed = sorted((name for name in here if there.get(name) != here[name]), key=_order)
        gone = sorted(set(there) - set(here)) if prune else []
        for name in changed:
            say(f"copy {name}")
            if not dry_run:
                store.put(
                    destination, name, store.get(source, name) or b"", **_headers(destination, name)
                )
        for name in gone:
            say(f"remove {name}")
            if not dry_run:
                store.drop(destination, name)
        if not dry_run and (changed or gone):
            left = {} if prune else there
            store.put(destination, MANIFEST, json.dumps(left | here, indent=0, sort_keys=True))
    return {"copied": len(changed), "removed": len(gone), "unchanged": len(here) - len(changed)}


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
