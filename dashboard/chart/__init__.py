"""Charts, one file a subject: pure functions from rows of the views to Altair; nothing is computed here, only placed."""
