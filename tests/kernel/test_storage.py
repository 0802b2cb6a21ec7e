"""The storage port: the same promises from a folder and from S3 over a real connection."""

from __future__ import annotations

import os
import stat
import threading
from urllib.parse import quote

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from moto.server import ThreadedMotoServer

from privacycenter.kernel import storage as storage_module
from privacycenter.kernel.storage import storage

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def s3_endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3", endpoint_url=s3_endpoint)
    client.create_bucket(Bucket="bundles")
    yield client
    for item in client.list_objects_v2(Bucket="bundles").get("Contents", []):
        client.delete_object(Bucket="bundles", Key=item["Key"])
    client.delete_bucket(Bucket="bundles")
    client.close()


@pytest.fixture
def folder(settings, tmp_path):
    settings.BUNDLE_STORAGE = f"file://{tmp_path}/bundles"
    return tmp_path / "bundles"


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.services)])
def store(request, settings, s3_endpoint):
    if request.param == "folder":
        request.getfixturevalue("folder")
    else:
        request.getfixturevalue("bucket")
        settings.BUNDLE_STORAGE = f"s3://bundles/some/prefix?endpoint={quote(s3_endpoint, safe='')}&region=us-east-1"
    return storage()


def test_an_object_is_written_and_read_by_range(store):
    written = store.put_stream("steps/one/records.sealed", iter([b"hello ", b"", b"world"]))

    assert written == store.size("steps/one/records.sealed") == 11
    assert store.read_range("steps/one/records.sealed", 0, 5) == b"hello"
    assert store.read_range("steps/one/records.sealed", 6, 100) == b"world"
    assert store.read_range("steps/one/records.sealed", 11, 5) == b""
    assert store.read_range("steps/one/records.sealed", 3, 0) == b""


def test_an_object_of_many_parts_comes_back(store):
    block = bytes(range(256)) * 4096

    written = store.put_stream("big.zip", (block for _ in range(40)))

    assert written == store.size("big.zip") == 40 * MEBIBYTE
    assert store.read_range("big.zip", 33 * MEBIBYTE - 2, 4) == b"\xfe\xff\x00\x01"


def test_an_empty_object_is_an_object(store):
    assert store.put_stream("empty", iter(())) == store.size("empty") == 0


def test_writing_again_replaces(store):
    store.put_stream("a", [b"first version"])
    store.put_stream("a", [b"second"])

    assert store.read_range("a", 0, 100) == b"second"


def test_deleting_is_final_and_may_be_repeated(store):
    store.put_stream("x/y", [b"data"])

    store.delete("x/y")
    store.delete("x/y")

    with pytest.raises(FileNotFoundError):
        store.size("x/y")
    with pytest.raises(FileNotFoundError):
        store.read_range("x/y", 0, 1)


@pytest.mark.parametrize("before", [0, 40], ids=["at once", "after several parts"])
def test_a_stream_that_breaks_leaves_nothing(store, before, request):
    def chunks():
        for _ in range(before):
            yield bytes(MEBIBYTE)
        raise RuntimeError("the source went away")

    with pytest.raises(RuntimeError, match="the source went away"):
        store.put_stream("broken/one", chunks())

    with pytest.raises(FileNotFoundError):
        store.size("broken/one")
    if "bucket" in request.fixturenames:
        assert "Uploads" not in request.getfixturevalue("bucket").list_multipart_uploads(Bucket="bundles")


def test_a_stream_that_breaks_leaves_the_former_version(store):
    def chunks():
        yield b"half"
        raise RuntimeError("the source went away")

    store.put_stream("a", [b"whole"])

    with pytest.raises(RuntimeError):
        store.put_stream("a", chunks())

    assert store.read_range("a", 0, 100) == b"whole"


def test_the_stream_is_read_in_the_thread_that_asks(store):
    threads = set()

    def chunks():
        for _ in range(20):
            threads.add(threading.get_ident())
            yield bytes(MEBIBYTE)

    store.put_stream("a", chunks())

    assert threads == {threading.get_ident()}


def test_a_folder_goes_with_everything_in_it_and_nothing_beside_it(store):
    for name in ("one/a", "one/b/c", "onetwo/a"):
        store.put_stream(name, [b"x"])

    store.delete_folder("one")
    store.delete_folder("one")

    for name in ("one/a", "one/b/c"):
        with pytest.raises(FileNotFoundError):
            store.size(name)
    assert store.size("onetwo/a") == 1


@pytest.mark.services
def test_an_object_that_s3_keeps_in_spite_of_a_delete_is_an_error(bucket, settings, s3_endpoint):
    settings.BUNDLE_STORAGE = f"s3://bundles/kept?endpoint={quote(s3_endpoint, safe='')}&region=us-east-1"
    store = storage()
    store.put_stream("one/a", [b"x"])
    kept = [{"Key": "kept/one/a", "Code": "AccessDenied", "Message": ""}]
    store._client.meta.events.register("after-call.s3.DeleteObjects", lambda parsed, **_: parsed.update(Errors=kept))

    with pytest.raises(OSError, match="1 stored objects could not be deleted: AccessDenied"):
        store.delete_folder("one")


BAD_NAMES = ["", "/a", "a/", "a//b", "../a", "a/../b", "a/..", ".a", "a/.b", "a.", "a b", "a\x00", "a\n", "a\\b", "ä", "a..b", "x" * 201]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_is_not_ours_is_refused(folder, name):
    for call in (
        lambda: storage().put_stream(name, [b"x"]),
        lambda: storage().read_range(name, 0, 1),
        lambda: storage().size(name),
        lambda: storage().delete(name),
        lambda: storage().delete_folder(name),
    ):
        with pytest.raises(ValueError, match="not a name"):
            call()


def test_files_and_folders_are_for_the_owner_alone(folder):
    before = os.umask(0)
    try:
        storage().put_stream("a/b/c", [b"x"])
    finally:
        os.umask(before)

    modes = {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert modes == {".": 0o700, "a": 0o700, "a/b": 0o700, "a/b/c": 0o600}


def test_deleting_takes_unfinished_writes_and_empty_folders_along(folder):
    storage().put_stream("a/b/c", [b"x"])
    (folder / "a/b/.c.0123.part").write_bytes(b"left by a process that was killed")

    storage().delete("a/b/c")

    assert list(folder.rglob("*")) == []


def test_deleting_leaves_the_neighbours(folder):
    storage().put_stream("a/b", [b"x"])
    storage().put_stream("a/c", [b"y"])

    storage().delete("a/b")

    assert storage().read_range("a/c", 0, 1) == b"y"


@pytest.mark.parametrize("address", ["", "folder", "ftp://host/x", "s3://", "file://host/x"])
def test_an_address_that_means_nothing_is_refused(settings, address):
    settings.BUNDLE_STORAGE = address

    with pytest.raises(ImproperlyConfigured, match="storage address"):
        storage()


def test_a_plain_path_is_a_folder(settings, tmp_path):
    settings.BUNDLE_STORAGE = str(tmp_path / "plain")

    storage().put_stream("a", [b"x"])

    assert (tmp_path / "plain" / "a").read_bytes() == b"x"


def test_a_folder_that_vanishes_while_writing_begins_is_made_again(folder, monkeypatch):
    real_open, removed = os.open, []

    def open_once_without_folder(path, *arguments, **keywords):
        if not removed and str(path).endswith(".part"):
            removed.append(path)
            path.parent.rmdir()
        return real_open(path, *arguments, **keywords)

    monkeypatch.setattr(storage_module.os, "open", open_once_without_folder)

    storage().put_stream("a/b", [b"x"])

    assert (storage().read_range("a/b", 0, 1), len(removed)) == (b"x", 1)
