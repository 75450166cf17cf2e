"""Benchmarks with their competitors: each prints ratios measured in one run."""
