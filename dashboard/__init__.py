"""Shows studies in a browser: Streamlit pages and Altair charts over the views of schema.sql.

page > chart, session > simulation: each imports only what stands to its right, and all read data through `warehouse`. A new page is
one more file in `page/`, listed in app.py.
"""
