"""Files of a site, in a folder or behind any fsspec URL; each appears whole or not at all.

A folder is read without fsspec, whose import would be a fifth of a build that has nothing to do.
"""

import base64
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TEMPORARY = ".writing-"
LOCK = ".lock"


def put(base: str, name: str, data: bytes | str, **options: Any) -> None:
    """Write `name` under `base`; `options` go to the object store's own writer."""
    data = data.encode() if isinstance(data, str) else data
    folder = local_folder(base)
    if folder is None:
        system, path = locate(base, name)
        # An object store shows an object when it is complete.
        system.pipe_file(path, data, **options)
        return
    final = folder / name
    final.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=final.parent, prefix=TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the name without the content
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, final)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def put_changed(base: str, texts: Mapping[str, str]) -> list[str]:
    """Write those files that are not there already, in order; their names."""
    changed = [name for name, text in texts.items() if get(base, name) != text.encode()]
    for name in changed:
        put(base, name, texts[name])
    return changed


def get(base: str, name: str) -> bytes | None:
    """The content, None where there is no such file."""
    folder = local_folder(base)
    with suppress(FileNotFoundError):
        if folder is not None:
            return (folder / name).read_bytes()
        system, path = locate(base, name)
        return system.cat_file(path)
    return None


def size(base: str, name: str) -> int | None:
    """Bytes, None where there is no such file."""
    folder = local_folder(base)
    with suppress(FileNotFoundError):
        if folder is not None:
            return (folder / name).stat().st_size
        system, path = locate(base, name)
        return system.info(path)["size"]
    return None


def names(base: str, under: str = "") -> list[str]:
    """Every file under a folder of the site, sorted; a link counts as one, and is not followed."""
    folder = local_folder(base)
    if folder is not None:
        found = []
        for parent, folders, files in os.walk(folder / under):
            links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
            found += [Path(parent, name) for name in [*files, *links]]
        return sorted(path.relative_to(folder).as_posix() for path in found)
    system, root = locate(base)
    found = system.find(f"{root}/{under}".rstrip("/"))
    return sorted(path.split(root + "/", 1)[-1] for path in found)


def get_file(base: str, name: str) -> bytes | None:
    """The content; None where there is no such file, or something else has its name."""
    with suppress(OSError):
        return get(base, name)
    return None


@dataclass(frozen=True)
class Detail:
    """What an object store says of a file: its bytes, and its MD5 sum or a blank."""

    size: int
    md5: str


def details(base: str) -> dict[str, Detail]:
    """Every file behind a URL with what its store says of it."""
    system, root = locate(base)
    found = {}
    for path, info in system.find(root, detail=True).items():
        found[path.split(root + "/", 1)[-1]] = Detail(int(info["size"]), _md5(info))
    return found


def _md5(info: Mapping[str, Any]) -> str:
    """The sum in hexadecimal digits, as S3 or Google says it; blank where neither does."""
    if "md5Hash" in info:
        return base64.b64decode(info["md5Hash"]).hex()
    tag = str(info.get("ETag", "")).strip('"')
    return tag if re.fullmatch(r"[0-9a-f]{32}", tag) else ""


def is_inside(base: str, name: str) -> bool:
    """Whether a name leads to a place in the site's folder, through links too; behind a URL there
    are none.
    """
    folder = local_folder(base)
    if folder is None:
        return True
    return (folder / name).resolve().is_relative_to(folder.resolve())


def sweep(base: str) -> None:
    """Remove what killed writers left in a folder."""
    folder = local_folder(base)
    if folder is not None:
        for left in folder.rglob(TEMPORARY + "*"):
            if left.is_symlink() or left.is_file():
                left.unlink(missing_ok=True)


def drop(base: str, name: str) -> None:
    """Remove a file that may be gone already."""
    folder = local_folder(base)
    with suppress(FileNotFoundError):
        if folder is not None:
            (folder / name).unlink()
            return
        system, path = locate(base, name)
        system.rm_file(path)


def is_url(base: str) -> bool:
    """Whether a site lies behind a URL and not in a folder of this machine."""
    return local_folder(base) is None


def local_folder(base: str) -> Path | None:
    """The folder of a site on this machine, by its path or by a file:// URL; None where another URL
    leads elsewhere.

    >>> local_folder("file:///srv/site"), local_folder("s3://bucket/site")
    (PosixPath('/srv/site'), None)
    """
    protocol, mark, path = base.partition("://")
    if base.startswith("data:"):
        return None
    if not mark or len(protocol) < 2:
        return Path(base)
    return Path(path) if protocol in ("file", "local") else None


def locate(base: str, name: str = "") -> tuple[Any, str]:
    """The fsspec file system of a folder or URL and the path inside it; what it listed before is
    asked again.
    """
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(base)
    except (ValueError, ImportError) as fault:
        raise OSError(f"{base}: no folder, and no address that can be reached: {fault}") from None
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
def lock(base: str, tell: Callable[[str], None]) -> Iterator[None]:
    """One build at a time in a folder; another waits and says so. An object store has no lock: its
    writes are whole.
    """
    folder = local_folder(base)
    if folder is None:
        yield
        return
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    if (folder / LOCK).is_symlink():  # to open it would empty the file to which it leads
        tell(f"{folder / LOCK} is a link, and is removed")
        (folder / LOCK).unlink(missing_ok=True)
    held = FileLock(folder / LOCK)
    try:
        held.acquire(timeout=0)
    except Timeout:
        tell(f"another build is at work in {base}; this one waits for it")
        held.acquire()
    try:
        sweep(base)
        yield
    finally:
        if set(os.listdir(folder)) <= {LOCK}:  # a build that was refused leaves nothing
            shutil.rmtree(folder, ignore_errors=True)
        held.release()


@cache
def _umask() -> int:
    """The mask of new files, which can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
