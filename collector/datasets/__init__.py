"""Turns a dataset's name into arrays: tensorflow-datasets builders, splits, labels, preparing and loading.

May import `artifacts`, `storage` and `spec`. A new dataset is a builder in `builders/` and a row of `registry`.
"""
