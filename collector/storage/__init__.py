"""Keeps a study's files: parts that are written once, the store that adds them, packing, merging, folders and object stores.

May import `spec` and `study_format`. A new column of results is added to `study_format.columns`, a new kind of location to `folder`.
"""
