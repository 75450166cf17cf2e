"""Files out of published packages: where they come from, their checksums and licences, and the cache that keeps them.

May import `spec` and `storage`. A new package is a row of `packages`.
"""
