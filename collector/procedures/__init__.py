"""Measures networks on datasets: fine-tuning, the linear probe, and what a network's own classification head recognises.

May import `networks`, `datasets`, `graph` and `spec`. A new procedure is one more file here, and a branch of `execution.runner`; a
proxy that is a function of arrays goes into `proxies`.
"""
