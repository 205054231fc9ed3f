"""Files of a site, in a folder or behind any fsspec URL; each appears whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import fsspec

_MASK = os.umask(0)
os.umask(_MASK)
TEMPORARY = ".writing-"


def put(base: str, name: str, data: bytes | str, **options) -> None:
    """Write `name` under `base`; `options` go to the object store's own writer."""
    data = data.encode() if isinstance(data, str) else data
    if "://" in base:
        system, path = where(base, name)
        system.pipe_file(
            path, data, **options
        )  # an object store shows an object when it is complete
        return
    final = Path(base, name)
    final.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=final.parent, prefix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o666 & ~_MASK)
        os.replace(temporary, final)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def get(base: str, name: str) -> bytes | None:
    """The content, None where there is none."""
    with suppress(FileNotFoundError):
        system, path = where(base, name)
        return system.cat_file(path)


def size(base: str, name: str) -> int | None:
    """Bytes, None where there is no such file."""
    with suppress(FileNotFoundError):
        system, path = where(base, name)
        return system.info(path)["size"]


def names(base: str, under: str = "") -> list[str]:
    """Every file under a folder of the site, sorted."""
    system, root = where(base)
    return sorted(
        path.split(root + "/", 1)[-1] for path in system.find(f"{root}/{under}".rstrip("/"))
    )


def drop(base: str, name: str) -> None:
    """Remove a file that may be gone already."""
    with suppress(FileNotFoundError):
        system, path = where(base, name)
        system.rm_file(path)


def where(base: str, name: str = ""):
    """The fsspec file system of a folder or URL and the path inside it; what it listed before is
    asked again.
    """
    system, root = fsspec.core.url_to_fs(base)
    system.invalidate_cache()
    return system, f"{root.rstrip('/')}/{name}".rstrip("/")


def digest(*parts: bytes | str) -> str:
    """One short name for the content of all parts, in order."""
    whole = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.hexdigest()


@contextmanager
def lock(base: str, say):
    """One build at a time in a folder; another waits and says so. An object store has no lock: its
    writes are whole.
    """
    if "://" in base or os.name != "posix":
        yield
        return
    import fcntl

    Path(base).mkdir(parents=True, exist_ok=True)
    with open(Path(base, ".lock"), "w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another build is at work in {base}; this one waits for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        for left in Path(base).rglob(TEMPORARY + "*"):  # of a build that was killed
            left.unlink(missing_ok=True)
        try:
            yield
        finally:
            if os.listdir(base) == [".lock"]:  # a build that was refused leaves nothing
                shutil.rmtree(base, ignore_errors=True)
