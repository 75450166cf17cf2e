"""The engine on a ray cluster of pretended nodes and GPUs: shares, a killed actor, a node that vanishes, models that stay."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fast
import pytest
from paths import SUPPORT

from collector.execution.scheduler import WorkerError, WorkerFunctions, WorkerPool
from collector.planning.work_item import missing

ray = pytest.importorskip("ray", reason="ray is not installed: pip install 'needle-transfer[ray]'")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # ray's own

STUDY = fast.study(4, 3)


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A head that computes nothing; each test has its own, for with nodes of before that are gone ray hesitates for ten seconds."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0, "include_dashboard": False})
    try:
        yield made
    finally:
        made.shutdown()


@pytest.fixture
def node(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Adds a node. Nodes find the tests' modules, and log what they do."""
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT))
    for name in ("LOG", "MARK", "SPANS"):
        monkeypatch.setenv(f"FAST_{name}", str(tmp_path / name.lower()))

    def add(**room: int) -> Any:
        made = cluster.add_node(**room)
        cluster.wait_for_nodes()
        return made

    return add


def test_a_killed_actor_and_a_lost_node_cost_nothing_and_models_stay(
    cluster: Any, node: Callable[..., Any], tmp_path: Path
) -> None:
    """Half a GPU each on two nodes of one: four workers. One is killed by its item; after 20 calls a node is gone with two."""
    from collector.execution.ray_pool import ray_pool

    _, lost = node(num_cpus=2, num_gpus=1), node(num_cpus=2, num_gpus=1)
    calls: list[int] = []

    @contextlib.contextmanager
    def losing(_: int) -> Iterator[WorkerPool]:
        with ray_pool(cluster.address, None, 0.5) as pool:
            assert pool.size == 4

            def call(worker: int, function: Any, *arguments: Any) -> Any:
                calls.append(worker)
                if len(calls) == 20:
                    cluster.remove_node(lost, allow_graceful=False)
                return pool.call(worker, function, *arguments)

            yield WorkerPool(pool.size, call, pool.restart, pool.lost)

    functions = WorkerFunctions(fast.start, fast.prepare, fast.end_once)
    assert fast.collect(STUDY, tmp_path / "study", functions=functions, pool=losing) == []
    assert len(calls) > 20
    assert (tmp_path / "mark").exists(), "an actor was killed"
    assert missing(STUDY, tmp_path / "study") == []
    fast.collect(STUDY, tmp_path / "whole")
    assert fast.rows(tmp_path / "study") == fast.rows(tmp_path / "whole")
    workers = defaultdict(set)
    for line in (tmp_path / "log").read_text().splitlines():
        lease, process, *_ = line.split()
        workers[lease.split("+")[1]].add(process)
    print({model: len(processes) for model, processes in workers.items()})


def test_half_a_gpu_each_four_workers_share_two_gpus_and_no_more_are_promised(
    cluster: Any, node: Callable[..., Any], tmp_path: Path
) -> None:
    """Simulated GPUs: ray assigns the shares and tells each worker which GPU it has. Too many workers are refused, not waited for.

    An item that raises fails with its own message.
    """
    from collector.execution.ray_pool import ray_pool

    node(num_cpus=2)
    with (
        pytest.raises(
            WorkerError, match=r"A worker needs 0\.5 of a GPU; the ray cluster has 0 GPUs and 2 cores .* Leave --gpu-share out"
        ),
        ray_pool(cluster.address, None, 0.5),
    ):
        pass
    with ray_pool(cluster.address, None, None) as pool:
        assert pool.size == 2, "without a GPU, and without asking for one, a worker is a core"
    node(num_cpus=4, num_gpus=2)
    for workers, share, message in (
        (5, 0.5, "5 workers need a core and 0.5 of a GPU each; .* has 2 GPUs .* room for 4 workers"),
        (3, 0.6, "room for 2 workers"),
    ):
        with pytest.raises(WorkerError, match=message), ray_pool(cluster.address, workers, share):
            pass
    functions = WorkerFunctions(fast.start, fast.prepare, fast.log_span)
    failures = fast.collect(STUDY, tmp_path / "study", functions=functions, pool=lambda _: ray_pool(cluster.address, None, 0.5))
    assert [failure.reason for failure in failures] == ["ConnectionError: the hub does not answer (3 times)"]
    assert len(missing(STUDY, tmp_path / "study")) == 1
    spans = [line.split() for line in (tmp_path / "spans").read_text().splitlines()]
    gpus = {process: gpu for *_, process, gpu in spans}
    assert sorted(gpus.values()) == ["0", "0", "1", "1"], "four workers, two a GPU"
    at_once = [sum(float(begin) <= float(moment) < float(end) for begin, end, *_ in spans) for moment, *_ in spans]
    print(f"{len(spans)} items, at most {max(at_once)} at once, workers by GPU: {gpus}")
    assert max(at_once) == 4
