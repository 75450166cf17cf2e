"""The engine on a ray cluster of pretended nodes and GPUs: shares, a killed actor, a node that vanishes, models that stay."""

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fast
import pytest

from collector.engine import Crew, Doing
from collector.schedule import missing

ray = pytest.importorskip("ray", reason="ray is not installed: pip install 'needle[ray]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # ray's own

STUDY = fast.study(4, 3)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A head that computes nothing; its nodes find the tests' modules, and log what they do."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("FAST_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("FAST_MARK", str(tmp_path / "mark"))
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0, "include_dashboard": False})
    try:
        yield made
    finally:
        made.shutdown()


def test_a_killed_actor_and_a_lost_node_cost_nothing_and_models_stay(cluster: Any, tmp_path: Path) -> None:
    """Half a GPU each on two nodes of one: four workers. One is killed by its work; after 20 calls a node is gone with two."""
    from collector.ray_crew import ray_crew

    nodes = [cluster.add_node(num_cpus=2, num_gpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    calls: list[int] = []

    @contextlib.contextmanager
    def losing(_: int) -> Iterator[Crew]:
        with ray_crew(cluster.address, None, 0.5) as crew:
            assert crew.places == 4

            def call(place: int, function: Any, *arguments: Any) -> Any:
                calls.append(place)
                if len(calls) == 20:
                    cluster.remove_node(nodes[1], allow_graceful=False)
                return crew.call(place, function, *arguments)

            yield Crew(crew.places, call, crew.restart, crew.lost)

    doing = Doing(fast.start, fast.prepare, fast.end_once)
    assert fast.collect(STUDY, tmp_path / "study", doing=doing, crew=losing) == []
    assert len(calls) > 20
    assert (tmp_path / "mark").exists(), "an actor was killed"
    assert missing(STUDY, tmp_path / "study") == []
    fast.collect(STUDY, tmp_path / "whole")
    assert fast.rows(tmp_path / "study") == fast.rows(tmp_path / "whole")
    workers = defaultdict(set)
    for line in (tmp_path / "log").read_text().splitlines():
        claim, process, *_ = line.split()
        workers[claim.split("+")[1]].add(process)
    print({model: len(processes) for model, processes in workers.items()})


def test_a_work_that_raises_fails_with_its_own_words(cluster: Any, tmp_path: Path) -> None:
    from collector.ray_crew import ray_crew

    cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    doing = Doing(fast.start, fast.prepare, fast.refuse)
    failures = fast.collect(fast.study(1, 1), tmp_path / "s", doing=doing, crew=lambda _: ray_crew(cluster.address, None, 1.0))
    assert [failure.reason for failure in failures] == ["ConnectionError: the hub does not answer (3 times)"]
    assert len(missing(fast.study(1, 1), tmp_path / "s")) == 1
