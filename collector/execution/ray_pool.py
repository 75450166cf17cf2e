"""Runs workers as actors of a ray cluster, each with its share of a GPU; ray chooses the nodes.

An actor is a process that keeps running between calls, so it keeps the programs of its models and the images of its datasets. Where an
actor is killed, or its node is lost, the scheduler starts a new one (which waits until there is room) and assigns the item to another
worker.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import ray
from ray.exceptions import RayActorError

from collector.execution.scheduler import WorkerError, WorkerPool


@contextmanager
def ray_pool(address: str | None, workers: int | None, gpu_share: float | None) -> Iterator[WorkerPool]:
    """Start actors on the cluster at an address; None: on the one that $RAY_ADDRESS names, or else on one that is started here.

    workers: how many; None: as many as the cluster has room for. gpu_share: the share of a GPU for each, above 0 and up to 1; None: a
    whole GPU, where the cluster has any. Raises WorkerError where the cluster has no room for them: ray would wait silently.
    """
    ray.init(address, log_to_driver=False, logging_level="ERROR", include_dashboard=False if address is None else None)
    try:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        share = gpu_share or (1.0 if any(node.get("GPU") for node in nodes) else 0.0)
        room = sum(_room(node, share) for node in nodes)
        if (workers or 1) > room:
            raise WorkerError(_too_few(nodes, workers or 1, share, room))
        needs = {"num_cpus": 1, "num_gpus": share}
        count = workers or room
        made = ray.remote(_Worker).options(**needs)
        actors = [made.remote() for _ in range(count)]

        def call(worker: int, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
            answer: Future[Any] = Future()
            actors[worker].call.remote(function, *arguments).future().add_done_callback(lambda done: _forward(answer, done))
            return answer

        def restart(worker: int) -> None:
            ray.kill(actors[worker])
            actors[worker] = made.remote()

        yield WorkerPool(count, call, restart, (RayActorError,))
    finally:
        ray.shutdown()


def _room(node: dict[str, float], share: float) -> int:
    """Return how many workers fit on a node, each with a core and its whole share on one GPU."""
    cores = int(node.get("CPU", 0))
    return min(cores, int(node.get("GPU", 0)) * int(1 / share + 1e-9)) if share else cores


def _too_few(nodes: list[dict[str, float]], workers: int, share: float, room: int) -> str:
    gpus, cores = (sum(node.get(kind, 0) for node in nodes) for kind in ("GPU", "CPU"))
    has = f"the ray cluster has {gpus:g} GPUs and {cores:g} cores on {len(nodes)} nodes, room for {room} workers"
    if share and not gpus:
        return f"A worker needs {share:g} of a GPU; {has}. Leave --gpu-share out to use its cores, or name another --address."
    each = f"a core and {share:g} of a GPU" if share else "a core"
    return f"{workers} workers need {each} each; {has}. Ask for fewer --workers, or a smaller --gpu-share."


class _Worker:
    """The actor: calls functions in its process."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> tuple[Any, Exception | None]:
        """Call a function; returns its result and its exception, which ray itself would wrap and print."""
        try:
            return function(*arguments), None
        except Exception as error:
            return None, error


def _forward(answer: "Future[Any]", done: "Future[Any]") -> None:
    """Set the answer from what an actor returned, or from ray's own error."""
    error = done.exception()
    if error is None:
        result, error = done.result()
        if error is None:
            answer.set_result(result)
            return
    answer.set_exception(error)
