"""Turns a user's own labelled images into a dataset that `loading` loads: a folder, a table of files, or a tensorflow-datasets name.

May import `artifacts`, `spec`, and of `datasets` only `preparing` and `builders.split`. `images.own_images(where, name)` does everything,
and returns OwnImages or raises OwnImagesError. Its steps: `folder` and `table` list the files, `reading` decodes each once with `picture`
and drops copies, `dividing` makes the splits, `storing` writes them to the cache; `published` handles the name of a published dataset.
"""
