"""Measures networks on datasets: fine-tuning, and the proxies (linear probe, k-nearest neighbours) on frozen representations.

May import `networks`, `datasets`, `graph` and `spec`. A new proxy is one more file here, and a branch of `execution.runner`.
"""
