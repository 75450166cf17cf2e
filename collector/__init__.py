"""Collects a study: runs fine-tunes and proxies with TensorFlow and writes their rows as Parquet.

`model`, `dataset`, `protocol`, `study`, `schedule` and `store` load no TensorFlow: what is missing from a study can be known in a
moment. TensorFlow is imported by what really computes (`hub_module`, `representation`, `finetune`, `linear`, `zoo`, `image`).
"""
