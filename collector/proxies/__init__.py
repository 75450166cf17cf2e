"""Scores a representation cheaply: the related work's proxies, one file each, as pure functions of arrays.

May import `procedures` (its types and checks). A new proxy is one more file here, and a row of `registry.PROXIES`.
"""
