"""Ratios against named competitors; run by hand, not by the tests."""
