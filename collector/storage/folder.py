"""Reads and writes a study's folder, on this machine or in an object store. A file is seen whole or not at all.

On this machine (and on network file systems with POSIX semantics) a file is written under a temporary name in its folder, flushed to
disk, then linked or renamed in one step, which also decides who came first. In an object store (`s3://`, `gs://`, through pyarrow) an
upload appears once it is complete, and one that is cut off never does; of two at once the later one stays, which holds the same runs.
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
    """A folder cannot be read or written: which one, why, and what to do."""


@dataclass(frozen=True)
class Folder:
    """A folder. path: on this machine where filesystem is None, else within that file system."""

    path: str
    filesystem: fs.FileSystem | None = None

    def __str__(self) -> str:
        if self.filesystem is not None:
            return f"{self.filesystem.type_name.replace('gcs', 'gs')}://{self.path}"
        return self.path.removeprefix(os.getcwd() + os.sep)

    @property
    def local(self) -> Path | None:
        """The folder as a path on this machine; None in an object store."""
        return Path(self.path) if self.filesystem is None else None

    def at(self, name: str) -> str:
        """The path of a file in the folder."""
        return f"{self.path}/{name}"

    def entries(self, under: str = "") -> tuple[list[str], list[str]]:
        """List the files (except half-written ones) and the folders in a subfolder, by name, unsorted; none where it does not exist."""
        files, folders = [], []
        with translate_os_errors(self):
            if self.filesystem is None:
                try:
                    with os.scandir(self.at(under)) as found:
                        for entry in found:
                            if entry.is_dir():
                                folders.append(entry.name)
                            elif not entry.name.endswith(WRITING):
                                files.append(entry.name)
                except (FileNotFoundError, NotADirectoryError):
                    pass
                return files, folders
            base = self.at(under).rstrip("/")
            # Folders are derived from the names of all files below: a store has no folders, and GCS lists only those created explicitly.
            selector = fs.FileSelector(base, allow_not_found=True, recursive=True)
            for info in self.filesystem.get_file_info(selector):
                if info.is_file:
                    first, *rest = info.path.removeprefix(f"{base}/").split("/")
                    (folders if rest else files).append(first)
        return files, list(dict.fromkeys(folders))

    def has(self, name: str) -> bool:
        """Whether the file exists."""
        with translate_os_errors(self):
            if self.filesystem is None:
                return os.path.isfile(self.at(name))
            try:  # one request; get_file_info would list what is below it, too
                self.filesystem.open_input_file(self.at(name)).close()
            except FileNotFoundError:
                return False
            return True

    def read(self, name: str) -> bytes:
        """Read a file. Raises FileNotFoundError where there is none."""
        with translate_os_errors(f"{self}/{name}"):
            if self.filesystem is None:
                with open(self.at(name), "rb", buffering=0) as opened:
                    return opened.read()
            with self.filesystem.open_input_file(self.at(name)) as opened:
                return bytes(opened.read())

    def put(self, name: str, content: bytes) -> bool:
        """Add a file; returns False where one of that name exists, which stays as it is."""
        with translate_os_errors(self):
            if self.filesystem is None:
                return _write(self.at(name), content, keep=True)
            if self.has(name):
                return False
            _upload(self.filesystem, self.at(name), content)
            return True

    def replace(self, name: str, content: bytes, durable: bool = True) -> None:
        """Write a file, replacing an old one. durable: it survives a power cut."""
        with translate_os_errors(self):
            if self.filesystem is None:
                _write(self.at(name), content, keep=False, durable=durable)
            else:
                _upload(self.filesystem, self.at(name), content)

    def move(self, name: str, to: str) -> None:
        """Move a file within the folder. Raises FileNotFoundError where there is none."""
        with translate_os_errors(self):
            if self.filesystem is None:
                os.makedirs(os.path.dirname(self.at(to)), exist_ok=True)
                os.rename(self.at(name), self.at(to))
                return
            try:
                self.filesystem.move(self.at(name), self.at(to))
            except OSError as error:  # stores have no error of their own for it
                if self.has(name):
                    raise
                raise FileNotFoundError(self.at(name)) from error

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""
        with translate_os_errors(self), suppress(FileNotFoundError):
            if self.filesystem is None:
                os.unlink(self.at(name))
            else:
                self.filesystem.delete_file(self.at(name))


def folder(location: str | Path | Folder) -> Folder:
    """Return the folder at a path, or at the URL of an object store such as s3://bucket/study. Raises FolderError for any other URL."""
    if isinstance(location, Folder):
        return location
    text = str(location)
    if "://" not in text:
        return Folder(os.path.abspath(text))
    # Send small files in one PUT: pyarrow otherwise begins a multipart upload, three requests, before it knows the size.
    if text.startswith("s3://"):
        text += ("&" if "?" in text else "?") + "allow_delayed_open=true"
    try:
        filesystem, path = fs.FileSystem.from_uri(text)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise FolderError(
            f"A study cannot be in {location} ({error}). Name a folder, s3://BUCKET/NAME or gs://BUCKET/NAME."
        ) from error
    return Folder(path) if isinstance(filesystem, fs.LocalFileSystem) else Folder(path.rstrip("/"), filesystem)


@contextmanager
def translate_os_errors(location: object) -> Iterator[None]:
    """Raise OSErrors within the block as FolderErrors that name the location; FileNotFoundError is raised as it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FolderError(
            f"{location} cannot be read or written: {error.strerror or error}. What is finished is kept; once that is fixed, the same "
            "command resumes."
        ) from error


def _write(path: str, content: bytes, keep: bool, durable: bool = True) -> bool:
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    temporary = f"{parent}/{secrets.token_hex(8)}{WRITING}"
    try:
        write_file(temporary, content, durable)
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
        sync_folder(parent)
    return True


def write_file(path: str | Path, content: bytes, durable: bool = True) -> None:
    """Write a file on this machine. durable: its content survives a power cut; for its name, see sync_folder."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        if durable:
            os.fsync(file.fileno())


def sync_folder(path: str | Path) -> None:
    """Make the names in a folder on this machine survive a power cut."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _upload(filesystem: fs.FileSystem, path: str, content: bytes) -> None:
    try:
        with filesystem.open_output_stream(path) as stream:
            stream.write(content)
    except FileNotFoundError as error:  # from GCS; S3 reports it itself
        bucket = path.split("/", 1)[0]
        raise FolderError(f"There is no bucket {bucket} to write {path} into. Create it, or name another with --out.") from error
