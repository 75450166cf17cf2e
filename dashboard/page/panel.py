"""Shows a chart with how to read it, the SQL behind it, and its image and rows to download."""

from io import BytesIO

import altair as alt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import streamlit as st
import vl_convert
from altair.utils import schemapi

from dashboard.session.ask import Answer
from dashboard.session.view import View

WIDTH = 760  # pixels of an image that leaves the page
SCALE = 2.0  # of a PNG
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])

schemapi.DEBUG_MODE = (
    False  # Altair checks each step of a chart against its schema, for longer than all else takes; the tests check the whole
)


def figure(view: View, name: str, chart: alt.LayerChart, answer: Answer, reading: str) -> None:
    """Draw a chart. name: of its files. reading: how to read it, in a sentence."""
    spec = specification(chart)
    tables = {
        name: pa.Table.from_pylist(rows) for name, rows in chart.datasets.items()
    }  # or Streamlit makes data frames of them first
    st.vega_lite_chart(None, {**spec, "datasets": tables}, width="stretch", alt=reading, key=f"figure-{name}")
    st.caption(reading)
    with st.expander("SQL, image, rows"):
        st.code(answer.sql, language="sql", wrap_lines=True)
        file = f"{view.study.name.strip('./').replace('/', '-')}-{name}"
        with st.container(horizontal=True):
            # Made only on request.
            st.download_button("SVG", lambda: svg(chart), f"{file}.svg", "image/svg+xml", key=f"svg-{name}", on_click="ignore")
            st.download_button("PNG", lambda: png(chart), f"{file}.png", "image/png", key=f"png-{name}", on_click="ignore")
            downloads(name, file, answer.table)


def specification(chart: alt.LayerChart) -> dict[str, object]:
    """Return the chart as Vega-Lite JSON, unchecked, with its rows as they are: Altair would inspect and copy every value."""
    rows = chart.datasets
    chart.datasets = alt.Undefined
    try:
        return {**chart.to_dict(validate=False), "datasets": rows}
    finally:
        chart.datasets = rows


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
    """Return the chart as an image on white."""
    return vl_convert.vegalite_to_svg(specification(_alone(chart)), vl_version=VEGA_LITE).encode()


def png(chart: alt.LayerChart) -> bytes:
    """Return the chart as SVG, its size in pixels."""
    return vl_convert.vegalite_to_png(specification(_alone(chart)), vl_version=VEGA_LITE, scale=SCALE)


def _alone(chart: alt.LayerChart) -> alt.LayerChart:
    return chart.properties(width=WIDTH, background="white", padding=12)


def as_csv(table: pa.Table) -> bytes:
    """Return rows as CSV, lists written as DuckDB writes them."""
    flat = pa.table({name: _flat(table.column(name)) for name in table.column_names})
    out = BytesIO()
    pyarrow.csv.write_csv(flat, out)
    return out.getvalue()


def as_parquet(table: pa.Table) -> bytes:
    """Return rows as Parquet."""
    out = BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if not pa.types.is_nested(column.type):
        return column
    return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
