"""Draws charts, one file per subject: pure functions from rows of the views to Altair charts. Nothing is computed here.

Its files import only `style` and `colour`, of this folder. A new chart is one more function or file here, drawn by a page.
"""
