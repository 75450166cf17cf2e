"""Draws charts, one file per subject: pure functions from rows of the views to Altair charts. Nothing is computed here.

Of this folder its files import only `style`, `colour`, `cells` and `labels`. A new chart is one more function or file here, drawn by a
page.
"""
