"""Defines what a study is made of: Model, Dataset, Protocol and Study, frozen dataclasses and nothing else.

Imports nothing of ours. A new property of a run is a field of Protocol here, and a column in schema.sql.
"""
