"""SavedModels as pure functions: functions inlined, variables as arguments, mixed precision, rematerialization.

Imports nothing of ours. A new transformation of a network's graph is one more file here.
"""
