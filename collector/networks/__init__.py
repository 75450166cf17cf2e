"""Turns a network's handle into a differentiable function: hub formats, local copies, and the zoo of packaged networks.

May import `graph`, `artifacts`, `storage` and `spec`. A new network is a row of `zoo/registry`, a new file format one more file in `zoo/`.
"""
