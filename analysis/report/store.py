"""Files of a site, in a folder or behind any fsspec URL; each appears whole or not at all."""

import hashlib
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

_MASK = os.umask(0)
os.umask(_MASK)
TEMPORARY = ".writing-"


def put(base: str, name: str, data: bytes | str, **options) -> None:
    """Write `name` under `base`; `options` go to the object store's own writer."""
    data = data.encode() if isinstance(data, str) else data
    if "://" in base:
        system, root = remote(base)
        system.pipe_file(f"{root}/{name}", data, **options)  # an object store shows an object when it is complete
        return
    path = Path(base, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o666 & ~_MASK)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def get(base: str, name: str) -> bytes | None:
    """The content, None where there is none."""
    try:
        if "://" in base:
            system, root = remote(base)
            return system.cat_file(f"{root}/{name}")
        return Path(base, name).read_bytes()
    except FileNotFoundError:
        return None


def size(base: str, name: str) -> int | None:
    """Bytes, None where there is no such file."""
    try:
        if "://" in base:
            system, root = remote(base)
            return system.info(f"{root}/{name}")["size"]
        return os.stat(os.path.join(base, name)).st_size
    except FileNotFoundError:
        return None


def names(base: str, under: str = "") -> list[str]:
    """Every file under a folder of the site, sorted."""
    if "://" in base:
        system, root = remote(base)
        found = (path.split(root + "/", 1)[-1] for path in system.find(f"{root}/{under}".rstrip("/")))
    else:
        found = (path.relative_to(base).as_posix() for path in Path(base, under).rglob("*") if path.is_file())
    return sorted(found)


def drop(base: str, name: str) -> None:
    """Remove a file that may be gone already."""
    with suppress(FileNotFoundError):
        if "://" in base:
            system, root = remote(base)
            system.rm_file(f"{root}/{name}")
        else:
            Path(base, name).unlink()


def remote(url: str):
    """The fsspec file system of a URL and the path inside it; what it listed before is asked again."""
    import fsspec

    system, root = fsspec.core.url_to_fs(url)
    system.invalidate_cache()
    return system, root.rstrip("/")


def digest(*parts: bytes | str) -> str:
    """One short name for the content of all parts, in order."""
    whole = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "little") + data)
    return whole.hexdigest()


@contextmanager
def lock(base: str, say):
    """One build at a time in a folder; another waits and says so. An object store has no lock: its writes are whole."""
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
        yield
