"""Charts, one file a subject: pure functions from rows of the views to Altair charts. Nothing is computed here.

Imports `style` and `colour` of this folder alone. A new chart is one more function or file here, drawn by a page.
"""
