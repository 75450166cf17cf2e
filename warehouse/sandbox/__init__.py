"""Runs SQL from untrusted users in a separate process, which can only read a copy of the study and can be killed.

`client` starts the process and waits for it, `process` runs in it. Imports nothing else of needle.
"""
