"""Downstream datasets built here: tensorflow-datasets builders over what published packages carry, one file a source.

`registry` lists them as plain data and loads no TensorFlow; the builders themselves do.
"""
