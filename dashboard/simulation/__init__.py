"""Strategies that somebody types: run in the sandbox, followed through the resamples, with intervals by another process.

May import `warehouse` alone.
"""
