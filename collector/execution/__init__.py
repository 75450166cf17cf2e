"""Runs work items: the scheduler, the worker pools (local processes, ray), leases among collectors, progress, provenance.

May import every other room of the collector. A new engine is one more `*_pool` file that gives a WorkerPool.
"""
