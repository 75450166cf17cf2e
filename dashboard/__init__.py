"""Looks at studies in a browser: Streamlit pages (layout and state alone) and charts (rows -> Altair), over the views of schema.sql."""
