"""What a session looks at: the open study, the link that reproduces a view, what is chosen, the strategies tried.

May import `simulation` and `warehouse`. A new control is added to `state`.
"""
