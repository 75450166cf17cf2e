"""Writes a chart as Vega-Lite JSON."""

import altair as alt

VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])  # its version, of two numbers


def specification(chart: alt.LayerChart) -> dict[str, object]:
    """Return the chart as Vega-Lite JSON. It skips Altair's validation, which would inspect and copy every row."""
    rows = chart.datasets
    chart.datasets = alt.Undefined
    try:
        return {**chart.to_dict(validate=False), "datasets": rows}
    finally:
        chart.datasets = rows
