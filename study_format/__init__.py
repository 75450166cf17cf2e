"""What a study's folder looks like: names of facts and files, their columns, which parts count, and the checksums of parts.

Imports nothing of ours; collector and warehouse both read and write studies by it. A new column goes into `columns` and schema.sql.
"""
