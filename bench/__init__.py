"""Ratios against named competitors, measured in one run; run by hand, not by the tests."""
