"""Answers SQL from untrusted users in a process of its own, which can only read a copy of the study and can be killed.

`client` starts and limits the process, `process` is what runs in it. Imports nothing of ours.
"""
