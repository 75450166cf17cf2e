"""Holds what a session looks at: the open study, the values of the controls, the link that restores them, and typed strategies.

May import `simulation` and `warehouse`. A new control is added to `state`.
"""
