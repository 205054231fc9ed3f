"""Publishing: only what changed, pages before the index, nothing that is not ours removed."""

import json
import os
from pathlib import Path

import pytest

from analysis.press import publish as module
from analysis.press.publish import publish

PAGES = {
    "index.html": "index",
    "a/cost.html": "cost",
    "sources/x.html": "x",
    "results.csv": "r",
    "feed.xml": "<feed/>",
    "assets/vega-1.js": "js",
    ".records/a/cost.json": "{}",
    "a/cost.failed.ipynb": "{}",
    ".lock": "",
}
PUBLIC = [
    "assets/vega-1.js",
    "a/cost.html",
    "sources/x.html",
    "feed.xml",
    "results.csv",
    "index.html",
]


@pytest.fixture
def site(tmp_path) -> Path:
    folder = tmp_path / "site"
    for name, text in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def listed(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_pages_come_before_the_index_and_nothing_hidden_comes(site, tmp_path):
    said: list[str] = []
    assert publish(str(tmp_path / "there"), str(site), say=said.append) == {
        "copied": 6,
        "removed": 0,
        "unchanged": 0,
    }
    assert said == [f"copy {name}" for name in PUBLIC]
    assert listed(tmp_path / "there") == sorted([*PUBLIC, "published.json"])


def test_only_what_changed_is_copied(site, tmp_path):
    there = str(tmp_path / "there")
    publish(there, str(site))
    assert publish(there, str(site), say=lambda _: pytest.fail("nothing to say")) == {
        "copied": 0,
        "removed": 0,
        "unchanged": 6,
    }
    (site / "a/cost.html").write_text("other")
    assert publish(there, str(site))["copied"] == 1
    assert (tmp_path / "there/a/cost.html").read_text() == "other"


def test_only_our_own_leftovers_are_removed_and_only_when_asked(site, tmp_path):
    there = tmp_path / "there"
    publish(str(there), str(site))
    (there / "CNAME").write_text("example.org")
    (site / "a/cost.html").unlink()
    assert publish(str(there), str(site))["removed"] == 0
    assert (there / "a/cost.html").exists()
    assert publish(str(there), str(site), prune=True)["removed"] == 1
    assert not (there / "a/cost.html").exists()
    assert (there / "CNAME").exists()


def test_nothing_outside_the_destination_is_removed(site, tmp_path):
    """Whoever can write at the destination can write the list of what is said to be published."""
    there, outside = tmp_path / "there", tmp_path / "outside.txt"
    publish(str(there), str(site), say=lambda _: None)
    for path in (outside, tmp_path / "beyond/x.html", there / "CNAME", there / ".htaccess"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("not ours")
    (there / "link").symlink_to(tmp_path / "beyond")
    (there / "folder").mkdir()
    kept = [str(outside), "../outside.txt", "a/../../outside.txt", "link/x.html", "CNAME", "folder"]
    kept += [".htaccess", "", ".", "..", "a//b", "C:\\x", "published.json"]
    listed_there = json.loads((there / "published.json").read_text())
    mark = module.store.digest("not ours")
    manifest = listed_there | dict.fromkeys(kept, mark) | {"CNAME": "another digest"}
    (there / "published.json").write_text(json.dumps(manifest))
    said: list[str] = []
    assert publish(str(there), str(site), prune=True, say=said.append)["removed"] == 0
    assert outside.read_text() == (tmp_path / "beyond/x.html").read_text() == "not ours"
    assert (there / "CNAME").is_file()
    assert (there / ".htaccess").is_file()
    assert "'../outside.txt'" in "\n".join(said)
    assert "keep CNAME: somebody has changed it" in said


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "null", "1", '{"a/cost', "", '{"a": 1}', "\ud800", "[" * 100_000),
        *(r'{"a\u0000b": "x"}', r'{"\ud800": "x"}', r'{"\u001b[2J": "x"}'),
    ],
)
def test_a_manifest_that_cannot_be_read_removes_nothing(text, site, tmp_path):
    there = tmp_path / "there"
    publish(str(there), str(site), say=lambda _: None)
    (there / "published.json").write_bytes(text.encode(errors="surrogatepass"))
    said: list[str] = []
    counts = publish(str(there), str(site), prune=True, say=said.append)
    assert (counts["removed"], counts["unchanged"]) == (0, 6)
    assert len(said) == 1
    assert set(json.loads((there / "published.json").read_text())) == set(PUBLIC)


def test_what_changed_at_the_destination_is_noticed(site, tmp_path):
    there = tmp_path / "there"
    publish(str(there), str(site), say=lambda _: None)
    (there / "index.html").unlink()
    (there / "a/cost.html").write_text("tsoc")
    said: list[str] = []
    counts = publish(str(there), str(site), say=said.append)
    assert said == ["copy a/cost.html", "copy index.html"]
    assert counts == {"copied": 2, "removed": 0, "unchanged": 4}
    assert publish(str(there), str(site), say=said.append, force=True)["copied"] == 6


def test_an_unknown_scheme_is_a_sentence(site):
    with pytest.raises(OSError, match="nonsense://x: no folder, and no address"):
        publish("nonsense://x", str(site))


def test_links_that_lead_out_are_refused(site, tmp_path):
    secret, there = tmp_path / "secret.html", tmp_path / "there"
    secret.write_text("secret")
    (site / "a/leak.html").symlink_to(secret)
    with pytest.raises(OSError, match=r"links lead out of the site: 'a/leak\.html'"):
        publish(str(there), str(site))
    assert not there.exists()
    (site / "a/leak.html").unlink()
    (tmp_path / "elsewhere").mkdir()
    there.mkdir()
    (there / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"there: links lead out of it: 'a/cost\.html'"):
        publish(str(there), str(site))
    assert listed(there) == listed(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("fault", [OSError(28, "No space left"), KeyboardInterrupt()])
def test_an_interrupted_publication_says_what_is_missing(fault, site, tmp_path, monkeypatch):
    there, put, said = tmp_path / "there", module.store.put, []

    def failing(base, name, data, **options):
        if name == "feed.xml":
            raise fault
        put(base, name, data, **options)

    monkeypatch.setattr(module.store, "put", failing)
    with pytest.raises(type(fault)) as raised:
        publish(str(there), str(site), say=said.append)
    words = "\n".join([str(raised.value), *said])
    assert "3 of 6 files are missing, 'feed.xml', 'results.csv', 'index.html'" in words
    monkeypatch.undo()
    (there / "a/.writing-x").write_text("half")
    assert publish(str(there), str(site), say=lambda _: None)["copied"] == 3
    assert listed(there) == sorted([*PUBLIC, "published.json"])


def test_a_dry_run_does_nothing(site, tmp_path):
    assert publish(str(tmp_path / "there"), str(site), dry_run=True)["copied"] == 6
    assert not (tmp_path / "there").exists()


def test_a_publication_that_was_cut_off_is_finished(site, tmp_path, monkeypatch):
    there, put = tmp_path / "there", module.store.put
    monkeypatch.setattr(
        module.store,
        "put",
        lambda base, name, data, **o: put(base, name, data) if "a/" not in name else 1 / 0,
    )
    with pytest.raises(ZeroDivisionError):
        publish(str(there), str(site))
    assert not (there / "index.html").exists()
    monkeypatch.undo()
    publish(str(there), str(site))
    assert listed(there) == sorted([*PUBLIC, "published.json"])


def test_a_folder_without_a_site_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no finished site"):
        publish(str(tmp_path / "there"), str(tmp_path / "empty"))


def test_an_object_store_is_told_what_a_file_is_and_how_long_it_keeps(site):
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    before = dict(os.environ)
    url = "http://{}:{}".format(*server.get_host_and_port())
    os.environ.update(
        {
            "AWS_ACCESS_KEY_ID": "t",
            "AWS_SECRET_ACCESS_KEY": "t",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
        }
    )
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    try:
        client = boto3.client("s3")
        client.create_bucket(Bucket="site")
        publish("s3://site/www", str(site))
        heads = {name: client.head_object(Bucket="site", Key=f"www/{name}") for name in PUBLIC}
        told = {name: (head["ContentType"], head["CacheControl"]) for name, head in heads.items()}
        assert told["index.html"] == ("text/html; charset=utf-8", "no-cache")
        assert told["assets/vega-1.js"] == (
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        )
        assert told["feed.xml"][0] == "application/atom+xml"
        assert publish("s3://site/www", str(site))["copied"] == 0
        client.put_object(Bucket="site", Key="www/a/cost.html", Body=b"tsoc")
        client.delete_object(Bucket="site", Key="www/index.html")
        assert publish("s3://site/www", str(site))["copied"] == 2
    finally:
        os.environ.clear()
        os.environ.update(before)
        server.stop()


def test_google_has_words_of_its_own():
    assert module._headers("gs://b/x", "index.html") == {
        "content_type": "text/html; charset=utf-8",
        "fixed_key_metadata": {"cache_control": "no-cache"},
    }
    assert module._headers("/srv/www", "index.html") == {}


def test_a_file_url_is_a_folder(site, tmp_path):
    there = tmp_path / "there"
    counts = publish(there.as_uri(), site.as_uri(), say=lambda _: None)
    assert counts == {"copied": 6, "removed": 0, "unchanged": 0}
    assert listed(there) == sorted([*PUBLIC, "published.json"])
    assert (there / "a/cost.html").read_text() == "cost"
    again = publish(str(there), str(site), say=lambda _: None)
    assert again == {"copied": 0, "removed": 0, "unchanged": 6}
