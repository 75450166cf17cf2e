"""Pages: layout and state alone; each has `show(view)`.

May import `chart`, `session` and `simulation`. A new page is one more file here, listed in app.py.
"""
