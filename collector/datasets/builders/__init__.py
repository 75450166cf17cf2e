"""Builds downstream datasets from files of published packages: tensorflow-datasets builders, one file per source.

May import `artifacts`. A new builder is one more file here, imported by `preparing`, and a row of `registry` for each task.
"""
