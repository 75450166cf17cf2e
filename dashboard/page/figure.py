"""Draws a chart with a caption, its SQL, and downloads of its image and rows."""

from functools import partial
from io import BytesIO

import altair as alt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import streamlit as st
import vl_convert
from altair.utils import schemapi

from dashboard.chart.specification import VEGA_LITE, specification
from dashboard.document.view import Part, Prose
from dashboard.format import as_markdown
from dashboard.session import state
from dashboard.session.query import QueryResult
from dashboard.session.view import View
from warehouse.tables import Column, Table

WIDTH = 760  # pixels of a downloaded image
SCALE = 2.0  # of a PNG

# Altair would check each step of a chart against its schema, which takes longer than everything else; the tests check whole charts.
schemapi.DEBUG_MODE = False


def draw(view: View, name: str, chart: alt.LayerChart, result: QueryResult, caption: str, *, says: str) -> None:
    """Draw a chart. name: of the downloaded files. caption: how to read it, in plain text. says: its result, for who cannot see it."""
    spec = specification(chart)
    # As Arrow: Streamlit would convert lists to data frames first.
    tables = {name: pa.Table.from_pylist(rows) for name, rows in chart.datasets.items()}
    st.vega_lite_chart(None, {**spec, "datasets": tables}, width="stretch", alt=f"{says} {caption}".strip(), key=f"figure-{name}")
    st.caption(as_markdown(caption))
    keep(name, result, as_markdown(caption), chart)
    with st.expander("SQL, image, rows"):
        st.code(result.sql, language="sql", wrap_lines=True)
        file = file_name(view, name)
        with st.container(horizontal=True):
            # Functions: the files are made only on request.
            st.download_button("SVG", lambda: svg(chart), f"{file}.svg", "image/svg+xml", key=f"svg-{name}", on_click="ignore")
            st.download_button("PNG", lambda: png(chart), f"{file}.png", "image/png", key=f"png-{name}", on_click="ignore")
            downloads(name, file, result.table)


def show_sql(view: View, name: str, result: QueryResult) -> None:
    """Draw the SQL behind a table, and downloads of its rows. name: of the downloaded files."""
    keep(name, result)
    with st.expander("SQL, rows"):
        st.code(result.sql, language="sql", wrap_lines=True)
        with st.container(horizontal=True):
            downloads(name, file_name(view, name), result.table)


def keep(name: str, result: QueryResult, caption: str = "", chart: alt.LayerChart | None = None) -> None:
    """Note what the page shows, for who saves the page."""
    state.keep(partial(_part, name, result, caption, chart))


def keep_words(text: str) -> None:
    """Note what the page says, in Markdown, for who saves the page."""
    state.keep(partial(Prose, text))


def _part(name: str, result: QueryResult, caption: str, chart: alt.LayerChart | None) -> Part:
    heading = f"{name[:1].upper()}{name[1:]}".replace("-", " ")
    columns = result.table.to_pydict()
    rows = list(zip(*columns.values(), strict=True))
    return Part(heading, caption, chart, Table(name, heading, result.sql, tuple(map(Column, columns)), rows))


def file_name(view: View, name: str) -> str:
    """Return the name of a downloaded file, without suffix."""
    return f"{view.study.name.strip('./').replace('/', '-')}-{name}"


def downloads(name: str, file: str, table: pa.Table) -> None:
    """Draw download buttons for rows."""
    st.download_button("CSV", lambda: as_csv(table), f"{file}.csv", "text/csv", key=f"csv-{name}", on_click="ignore")
    st.download_button(
        "Parquet",
        lambda: as_parquet(table),
        f"{file}.parquet",
        "application/vnd.apache.parquet",
        key=f"parquet-{name}",
        on_click="ignore",
    )


def svg(chart: alt.LayerChart) -> bytes:
    """Return the chart as SVG on a white background."""
    return vl_convert.vegalite_to_svg(specification(_for_download(chart)), vl_version=VEGA_LITE).encode()


def png(chart: alt.LayerChart) -> bytes:
    """Return the chart as PNG on a white background."""
    return vl_convert.vegalite_to_png(specification(_for_download(chart)), vl_version=VEGA_LITE, scale=SCALE)


def _for_download(chart: alt.LayerChart) -> alt.LayerChart:
    return chart.properties(width=WIDTH, background="white", padding=12)


def as_csv(table: pa.Table) -> bytes:
    """Return rows as CSV, with nested values as text."""
    flat = pa.table({name: _nested_as_text(table.column(name)) for name in table.column_names})
    out = BytesIO()
    pyarrow.csv.write_csv(flat, out)
    return out.getvalue()


def as_parquet(table: pa.Table) -> bytes:
    """Return rows as a Parquet file."""
    out = BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _nested_as_text(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if not pa.types.is_nested(column.type):
        return column
    return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
