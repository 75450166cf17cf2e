"""Shows studies in a browser: Streamlit pages and Altair charts over the views of schema.sql.

page > chart, session > simulation, each importing only what stands after it; the data come from `warehouse`. A new page is one more
file in `page/`, listed in app.py.
"""
