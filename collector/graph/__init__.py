"""Turns SavedModels into pure functions: inlined, variables as arguments, in mixed precision, with rematerialization.

Imports no other room. A new transformation of a network's graph is one more file here.
"""
