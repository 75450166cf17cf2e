"""Runs strategies that users type: in the sandbox, on the study and on each resample of the bootstrap; and computes intervals.

May import `warehouse` only.
"""
