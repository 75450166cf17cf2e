"""Describes a study's folder: names of facts and files, their columns, which parts count, and the checksums of parts.

Imports no other room; collector and warehouse both read and write studies by it. A new column goes into `columns` and schema.sql.
"""
