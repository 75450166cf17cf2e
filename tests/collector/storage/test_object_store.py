"""A study in an object store: through pyarrow's file systems, where nothing is linked, locked or renamed.

A file system that only pyarrow speaks to stands in for a store, and each server of the PATH that speaks as one does. What these
cannot show is what a cloud's own store promises: that whoever reads or lists after an upload has ended sees it.
"""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import fast
import pytest
from pyarrow import fs

from collector.execution.local_pool import local_pool
from collector.execution.scheduler import WorkerPool
from collector.planning.work_item import missing
from collector.storage.folder import Folder, FolderError, folder
from collector.storage.packing import pack
from collector.storage.store import StoreError, move_damaged

pytestmark = pytest.mark.slow

STUDY = fast.study(2, 2)
HERE = "scheme=http&endpoint_override=127.0.0.1"
GS = f"gs://anonymous@bucket/{{name}}?{HERE}:{{port}}&retry_limit_seconds=10&project_id=any"
# By their programs: how each is started, and the URL of a study in it.
SERVERS = {
    "moto_server": ("-H 127.0.0.1 -p {port}", f"s3://any:any@bucket/{{name}}?{HERE}:{{port}}&allow_bucket_creation=true"),
    "fake-gcs-server": ("-backend memory -scheme http -host 127.0.0.1 -port {port} -public-host 127.0.0.1:{port}", GS),
    "gcp-storage-emulator": ("start -H 127.0.0.1 --port {port} --in-memory", GS),
}
StudyUrl = Callable[[str], str]


@contextmanager
def server(program: str) -> Iterator[StudyUrl]:
    """A server with a bucket on this machine: the URL of a study in it, by the study's name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments, url = SERVERS[program]
    command = [program, *arguments.format(port=port).split()]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not _answers(port):
            assert process.poll() is None, f"{program} ended"
            assert time.monotonic() < end, f"{program} does not answer"
            time.sleep(0.1)
        filesystem = folder(url.format(name="any", port=port)).filesystem
        assert filesystem is not None
        filesystem.create_dir("bucket")
        yield lambda name: url.format(name=name, port=port)
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module", params=list(SERVERS))
def url_of(request: pytest.FixtureRequest) -> Iterator[StudyUrl]:
    program = request.param
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on the PATH to be a store (CONTRIBUTING.md says where it comes from)")
    with server(program) as found:
        yield found


@pytest.fixture
def bucket(tmp_path: Path) -> Folder:
    """A folder that only pyarrow speaks to; this one needs its folders, a store none."""
    for under in (".collector", "finetune", "proxy", "representation", "history", "aside/finetune"):
        (tmp_path / "bucket" / "study" / under).mkdir(parents=True)
    return Folder("bucket/study", fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()))


def collected_resumed_and_mended(store: Folder, local: Path, pool: Callable[[int], AbstractContextManager[WorkerPool]]) -> None:
    """Compared with a study on this machine."""
    assert fast.collect(STUDY, store, 2, pool=pool) == []
    assert missing(STUDY, store) == []
    fast.collect(STUDY, local)
    assert fast.rows(store) == fast.rows(local)
    assert store.entries(".collector") == ([], [])
    part = "finetune/m00+d01+0.1+0.parquet"
    store.replace(part, store.read(part)[:-5])
    (message,) = move_damaged(store)
    assert message.startswith(part)
    assert len(missing(STUDY, store)) == 1
    assert len(store.entries("aside/finetune")[0]) == 1, "nothing is thrown away"
    fast.collect(STUDY, store)
    assert fast.rows(store) == fast.rows(local)
    assert not store.put(part, b"second"), "the first stays"


def test_a_study_is_collected_into_a_folder_of_pyarrow_resumed_and_mended(bucket: Folder, tmp_path: Path) -> None:
    collected_resumed_and_mended(bucket, tmp_path / "local", fast.thread_pool)
    assert fast.rows(tmp_path / "bucket" / "study") == fast.rows(tmp_path / "local"), "the same files as on this machine"
    with pytest.raises(StoreError, match="is not on this machine"):
        pack(bucket)


def test_a_study_is_collected_into_a_store_resumed_and_mended(url_of: StudyUrl, tmp_path: Path) -> None:
    collected_resumed_and_mended(folder(url_of("study")), tmp_path / "local", local_pool)


def test_two_collectors_on_a_store_do_each_cell_once(url_of: StudyUrl, tmp_path: Path) -> None:
    log = tmp_path / "log"
    both = [fast.start_collector(url_of("shared"), 4, 3, FAST_LOG=str(log), FAST_SECONDS="0.05") for _ in range(2)]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in both]
    assert all(code == 0 for _, code in ended), ended
    begun = Counter(line.split()[0] for line in log.read_text().splitlines())
    assert len(begun) == sum(begun.values()) == len(missing(fast.study(4, 3), tmp_path))
    assert len({line.split()[1] for line in log.read_text().splitlines()}) == 2, "they share the work"
    assert missing(fast.study(4, 3), folder(url_of("shared"))) == []


UPLOADER = """
import sys, time
from collector.storage.folder import folder
store = folder(sys.argv[1])
with store.filesystem.open_output_stream(store.at("part")) as stream:
    for _ in range(3):
        stream.write(b"x" * 2**23)
    print("written", flush=True)
    time.sleep(60)
"""


def test_an_upload_that_is_killed_is_never_seen(url_of: StudyUrl) -> None:
    """A file of 24 MB appears once it is complete, and never where its upload is killed half-way."""
    store = folder(url_of("killed"))
    process = subprocess.Popen([sys.executable, "-c", UPLOADER, url_of("killed")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    assert not store.has("part")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not store.has("part")
    assert store.entries() == ([], [])
    assert store.put("part", b"whole"), "and hinders nobody"
    assert store.read("part") == b"whole"


def test_a_packed_study_that_was_copied_there_goes_on(url_of: StudyUrl, tmp_path: Path) -> None:
    """Its parts are in FACT/1/, a folder that nobody made."""
    fast.collect(STUDY, tmp_path / "study")
    pack(folder(tmp_path / "study"))
    store = folder(url_of("packed"))
    for path in (tmp_path / "study").rglob("*.parquet"):
        store.replace(str(path.relative_to(tmp_path / "study")), path.read_bytes())
    assert missing(STUDY, store) == []
    more = fast.study(3, 2)
    fast.collect(more, store)
    assert missing(more, store) == []


def test_a_missing_file_is_no_error_and_a_missing_bucket_is_named(url_of: StudyUrl) -> None:
    store = folder(url_of("nothing"))
    assert not store.has("a")
    assert store.entries("nowhere") == ([], [])
    for access in (lambda: store.read("a"), lambda: store.move("a", "b")):  # another collector moved it
        with pytest.raises(FileNotFoundError):
            access()
    store.remove("a")
    with pytest.raises(FolderError, match=r"no bucket|NO_SUCH_BUCKET"):
        fast.collect(STUDY, url_of("study").replace("@bucket/", "@nowhere/").replace("&allow_bucket_creation=true", ""))


def test_urls_name_stores_and_nothing_else(tmp_path: Path) -> None:
    found = folder("s3://bucket/some/study/?region=eu-central-1")
    assert (found.path, str(found)) == ("bucket/some/study", "s3://bucket/some/study")
    assert str(folder("gs://anonymous@bucket/some/study")) == "gs://bucket/some/study"
    assert folder(tmp_path).local == tmp_path
    with pytest.raises(
        FolderError, match=r"A study cannot be in ftp://host/study .* Name a folder, s3://BUCKET/NAME or gs://BUCKET/NAME"
    ):
        folder("ftp://host/study")
