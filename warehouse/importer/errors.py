"""The error of every import."""


class ImportFileError(Exception):
    """A table that cannot be imported: what is wrong, in which file and line, what is accepted, and what to do."""
