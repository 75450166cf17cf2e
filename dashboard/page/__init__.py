"""Lays out the pages and keeps their state; each file has `show(view)`.

May import `chart`, `session` and `simulation`. A new page is one more file here, listed in app.py.
"""
