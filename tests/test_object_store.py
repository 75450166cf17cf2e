"""A study in an object store: through pyarrow's file systems, where nothing is linked, locked or renamed.

A file system that only pyarrow speaks to stands in for a store, and where there is a moto_server, one that speaks S3. What neither can
show is what a store promises by itself: that an upload is seen when it is finished and not before, and that who reads after that sees it.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import fast
import pytest
from pyarrow import fs

from collector.folder import Folder, FolderError, folder
from collector.pack import pack
from collector.schedule import missing
from collector.store import StoreError, move_damaged

STUDY = fast.study(2, 2)


@pytest.fixture
def bucket(tmp_path: Path) -> Folder:
    """A folder in a store."""
    (tmp_path / "bucket").mkdir()
    for fact in (
        "",
        ".collector",
        "finetune",
        "proxy",
        "representation",
        "history",
        "aside/finetune",
    ):  # a store needs no folders
        (tmp_path / "bucket" / "study" / fact).mkdir(parents=True, exist_ok=True)
    return Folder("bucket/study", fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()))


def test_a_study_is_collected_into_a_store_resumed_and_mended(bucket: Folder, tmp_path: Path) -> None:
    assert fast.collect(STUDY, bucket) == []
    assert missing(STUDY, bucket) == []
    fast.collect(STUDY, tmp_path / "local")
    assert fast.rows(tmp_path / "bucket" / "study") == fast.rows(tmp_path / "local"), "the same files as on this machine"
    assert bucket.entries(".collector") == ([], [])
    part = "finetune/m00+d01+0.1+0.parquet"
    bucket.replace(part, bucket.read(part)[:-5])
    (words,) = move_damaged(bucket)
    assert words.startswith(part)
    assert len(missing(STUDY, bucket)) == 1
    fast.collect(STUDY, bucket)
    assert fast.rows(tmp_path / "bucket" / "study") == fast.rows(tmp_path / "local")


def test_the_first_upload_of_a_name_stays(bucket: Folder) -> None:
    assert bucket.put("finetune/a", b"first")
    assert not bucket.put("finetune/a", b"second")
    assert bucket.read("finetune/a") == b"first"
    with pytest.raises(FileNotFoundError):
        bucket.read("finetune/b")
    assert not bucket.has("finetune/b")
    assert bucket.entries("nowhere") == ([], [])


def test_a_study_in_a_store_is_not_packed_there(bucket: Folder) -> None:
    fast.collect(STUDY, bucket)
    with pytest.raises(StoreError, match="is not on this machine"):
        pack(bucket)


def test_urls_name_stores_and_nothing_else(tmp_path: Path) -> None:
    found = folder("s3://bucket/some/study?region=eu-central-1")
    assert (found.path, found.filesystem.type_name) == ("bucket/some/study", "s3")
    assert folder(tmp_path).local == tmp_path
    with pytest.raises(FolderError, match=r"is no place for a study .* A folder is, or s3://BUCKET/NAME, gs://BUCKET/NAME"):
        folder("ftp://host/study")


def _answers(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the server does not answer")


@pytest.fixture
def s3() -> Iterator[Folder]:
    """A folder in a server that speaks S3 on this machine."""
    server = shutil.which("moto_server")
    if server is None:
        pytest.skip("no moto_server on the PATH to speak S3 (pip install 'moto[server]', in an environment of its own)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([server, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _answers(port)
        bucket = folder(f"s3://any:any@bucket/study?scheme=http&endpoint_override=127.0.0.1:{port}&allow_bucket_creation=true")
        assert bucket.filesystem is not None
        bucket.filesystem.create_dir("bucket")
        yield bucket
    finally:
        process.terminate()
        process.wait()


def test_a_study_is_collected_into_s3_resumed_and_mended(s3: Folder, tmp_path: Path) -> None:
    assert fast.collect(STUDY, s3) == []
    assert missing(STUDY, s3) == []
    fast.collect(STUDY, tmp_path / "local")
    fs.copy_files("bucket/study", str(tmp_path / "copy"), source_filesystem=s3.filesystem)
    assert fast.rows(tmp_path / "copy") == fast.rows(tmp_path / "local")
    part = "finetune/m00+d01+0.1+0.parquet"
    s3.replace(part, s3.read(part)[:-5])
    (words,) = move_damaged(s3)
    assert words.startswith(part)
    assert len(missing(STUDY, s3)) == 1
    fast.collect(STUDY, s3)
    assert missing(STUDY, s3) == []
    assert not s3.put(part, b"second"), "the first stays"
