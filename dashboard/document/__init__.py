"""Makes pages that leave: one HTML file that needs no other, or a static site. Pure functions from rows and charts to text.

Imports charts and the warehouse, never Streamlit. A new section of a report goes into `report`, a new kind of page into `site`.
"""
