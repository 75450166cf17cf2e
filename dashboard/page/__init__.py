"""The pages: layout and state alone; each has `show(view)`."""
