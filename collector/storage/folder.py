"""Where a study's files are: a folder of this machine, or of an object store. What is put there is seen whole or not at all.

On this machine (and on network file systems with POSIX semantics) a file is written under another name beside its place, flushed to
the disk and linked or renamed: one step, which also says who came first. In an object store (`s3://`, `gs://`, through pyarrow) an
upload appears when it is finished, and what is cut off never does; of two at once the later stays, which holds the same runs.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import fs

WRITING = ".writing"


class FolderError(Exception):
    """A folder that cannot be read or written: which, why, and what to do."""


@dataclass(frozen=True)
class Folder:
    """A folder. path: of this machine where filesystem is None, else within the file system."""

    path: str
    filesystem: fs.FileSystem | None = None

    def __str__(self) -> str:
        if self.filesystem is not None:
            return f"{self.filesystem.type_name.replace('gcs', 'gs')}://{self.path}"
        here = os.getcwd() + os.sep
        return self.path.removeprefix(here)

    @property
    def local(self) -> Path | None:
        """The folder as a path of this machine; None in an object store."""
        return Path(self.path) if self.filesystem is None else None

    def at(self, name: str) -> str:
        """The path of a name in the folder."""
        return f"{self.path}/{name}"

    def entries(self, under: str = "") -> tuple[list[str], list[str]]:
        """The files in a folder in it, without those half written, and the folders; unsorted, none where there is no such folder."""
        files, folders = [], []
        with words(self):
            if self.filesystem is None:
                try:
                    with os.scandir(self.at(under)) as found:
                        for one in found:
                            if one.is_dir():
                                folders.append(one.name)
                            elif not one.name.endswith(WRITING):
                                files.append(one.name)
                except (FileNotFoundError, NotADirectoryError):
                    pass
                return files, folders
            base = self.at(under).rstrip("/")
            # All names below, which say what folders there are: a store has none, and GCS lists none that nobody made.
            selector = fs.FileSelector(base, allow_not_found=True, recursive=True)
            for info in self.filesystem.get_file_info(selector):
                if info.is_file:
                    first, *rest = info.path.removeprefix(f"{base}/").split("/")
                    (folders if rest else files).append(first)
        return files, list(dict.fromkeys(folders))

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        with words(self):
            if self.filesystem is None:
                return os.path.isfile(self.at(name))
            try:  # one request; asking for its kind lists what is below it, too
                self.filesystem.open_input_file(self.at(name)).close()
            except FileNotFoundError:
                return False
            return True

    def read(self, name: str) -> bytes:
        """The content of a file. Raises FileNotFoundError where there is none."""
        with words(f"{self}/{name}"):
            if self.filesystem is None:
                with open(self.at(name), "rb", buffering=0) as opened:
                    return opened.read()
            with self.filesystem.open_input_file(self.at(name)) as opened:
                return bytes(opened.read())

    def put(self, name: str, content: bytes) -> bool:
        """Add a file; False where one of that name was there before, which stays."""
        with words(self):
            if self.filesystem is None:
                return _write(self.at(name), content, keep=True)
            if self.has(name):
                return False
            _upload(self.filesystem, self.at(name), content)
            return True

    def replace(self, name: str, content: bytes, durable: bool = True) -> None:
        """Write a file over what is there. durable: it stays after a power cut."""
        with words(self):
            if self.filesystem is None:
                _write(self.at(name), content, keep=False, durable=durable)
            else:
                _upload(self.filesystem, self.at(name), content)

    def move(self, name: str, to: str) -> None:
        """Move a file within the folder. Raises FileNotFoundError where there is none."""
        with words(self):
            if self.filesystem is None:
                os.makedirs(os.path.dirname(self.at(to)), exist_ok=True)
                os.rename(self.at(name), self.at(to))
                return
            try:
                self.filesystem.move(self.at(name), self.at(to))
            except OSError as error:  # stores have no word of their own for it
                if self.has(name):
                    raise
                raise FileNotFoundError(self.at(name)) from error

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with words(self), suppress(FileNotFoundError):
            if self.filesystem is None:
                os.unlink(self.at(name))
            else:
                self.filesystem.delete_file(self.at(name))


def folder(place: str | Path | Folder) -> Folder:
    """The folder of a path, or of the URL of an object store such as s3://bucket/study. Raises FolderError for any other URL."""
    if isinstance(place, Folder):
        return place
    text = str(place)
    if "://" not in text:
        return Folder(os.path.abspath(text))
    # Small files in one PUT: pyarrow otherwise begins a multipart upload, three requests, before it knows how much there is.
    if text.startswith("s3://"):
        text += ("&" if "?" in text else "?") + "allow_delayed_open=true"
    try:
        filesystem, path = fs.FileSystem.from_uri(text)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise FolderError(
            f"{place} is no place for a study ({error}). A folder is, or s3://BUCKET/NAME, gs://BUCKET/NAME."
        ) from error
    return Folder(path) if isinstance(filesystem, fs.LocalFileSystem) else Folder(path.rstrip("/"), filesystem)


@contextmanager
def words(where: object) -> Iterator[None]:
    """Raise FolderError for what the system refuses there, but FileNotFoundError as it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FolderError(
            f"{where} cannot be read or written: {error.strerror or error}. What is finished is kept; when that is put right, the same "
            "command goes on."
        ) from error


def _write(path: str, content: bytes, keep: bool, durable: bool = True) -> bool:
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    temporary = f"{parent}/{secrets.token_hex(8)}{WRITING}"
    try:
        write(temporary, content, durable)
        if keep:
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
        else:
            os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    if durable:
        sync(parent)
    return True


def write(path: str | Path, content: bytes, durable: bool = True) -> None:
    """Write a file of this machine. durable: its content stays after a power cut; for its name, see sync."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        if durable:
            os.fsync(file.fileno())


def sync(parent: str | Path) -> None:
    """Make the names in a folder of this machine stay after a power cut."""
    opened = os.open(parent, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _upload(filesystem: fs.FileSystem, path: str, content: bytes) -> None:
    try:
        with filesystem.open_output_stream(path) as stream:
            stream.write(content)
    except FileNotFoundError as error:  # GCS; S3 says so itself
        bucket = path.split("/", 1)[0]
        raise FolderError(f"There is no bucket {bucket} to write {path} into. Make it, or name another with --out.") from error
