"""A session of the dashboard without a browser, and what its page says and draws."""

import json
from functools import cache
from typing import Any

import pyarrow as pa
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

# A session without a browser looks through the metadata of every installed package at each run, half of its time: once will do.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
# And after each run it has Keras cleared, if that is loaded, which looks for garbage in all that TensorFlow has: a third of a second.
script_runner._clean_problem_modules = lambda: None


def opened(page: str = "start", study: str = "pond", /, **link: str) -> AppTest:
    """A new session at a page, with a link's values."""
    app = AppTest.from_string(f"from dashboard.app import main\nmain({study!r}, {page!r})", default_timeout=60)
    for name, value in link.items():
        app.query_params[name] = value
    return app.run()


def charts(app: AppTest) -> list[dict[str, Any]]:
    """The specifications on the page, with their rows, which go to the browser apart, as Arrow."""
    found = []
    for chart in app.get("vega_lite_chart"):
        datasets = {one.name: pa.ipc.open_stream(one.data.data).read_all().to_pylist() for one in chart.proto.datasets}
        found.append({**json.loads(chart.proto.spec), "datasets": datasets})
    return found


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a chart."""
    found: list[dict[str, Any]] = spec["datasets"][spec["data"]["name"]]
    return found


def words(app: AppTest) -> str:
    """All that the page says."""
    kinds = (app.title, app.markdown, app.caption, app.info, app.warning, app.error, app.code)
    return "\n".join(element.value for kind in kinds for element in kind)


def sound(app: AppTest) -> AppTest:
    """Neither a traceback nor a page that gave up."""
    assert not app.exception
    assert "This page failed" not in words(app), words(app)
    return app
