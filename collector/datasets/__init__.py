"""A dataset's name becomes arrays: tensorflow-datasets builders, splits, labels, loading and preparing.

May import `artifacts`, `storage` and `spec`. A new dataset is a builder in `builders/` and a row of `registry`.
"""
