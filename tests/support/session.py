"""Runs sessions of the dashboard without a browser, and reads the text and the charts of their pages."""

import json
from functools import cache
from typing import Any

import pyarrow as pa
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

# A session without a browser scans the metadata of every installed package at each run, which takes half of its time: scan once.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
# After each run it clears Keras, if that is loaded, and collects garbage among all of TensorFlow, which takes a third of a second.
script_runner._clean_problem_modules = lambda: None


def opened(page: str = "start", study: str = "pond", /, **link: str) -> AppTest:
    """Open a page in a new session, with the values of a link: Start without intervals, unless that asks for them."""
    app = AppTest.from_string(f"from dashboard.app import main\nmain({study!r}, {page!r})", default_timeout=60)
    for name, value in ({"bands": "0"} | link if page == "start" else link).items():
        app.query_params[name] = value
    return app.run()


def charts(app: AppTest) -> list[dict[str, Any]]:
    """The chart specifications on the page, with their rows, which are sent to the browser separately, as Arrow."""
    found = []
    for chart in app.get("vega_lite_chart"):
        datasets = {one.name: pa.ipc.open_stream(one.data.data).read_all().to_pylist() for one in chart.proto.datasets}
        found.append({**json.loads(chart.proto.spec), "datasets": datasets})
    return found


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a chart."""
    found: list[dict[str, Any]] = spec["datasets"][spec["data"]["name"]]
    return found


def page_text(app: AppTest) -> str:
    """All text on the page."""
    kinds = (app.title, app.markdown, app.caption, app.info, app.warning, app.error, app.code)
    return "\n".join(element.value for kind in kinds for element in kind)


def sheets(app: AppTest) -> list[str]:
    """The HTML of the sheets of pictures on the page."""
    return [element.proto.body for element in app.get("html") if 'class="sheet"' in element.proto.body]


def sound(app: AppTest) -> AppTest:
    """Assert that the page shows neither a traceback nor its own error message."""
    assert not app.exception
    assert "This page failed" not in page_text(app), page_text(app)
    return app
