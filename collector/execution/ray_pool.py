"""Workers as actors of a ray cluster, each with the share of a GPU that it needs; ray decides on which node each is.

An actor is a process that stays, so a model's program and a dataset's images stay with it. Of an actor that was killed, or whose node
is lost, the engine hears, puts a new one in its place (which waits until there is room) and gives its cell to another.
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
    """Actors on the cluster at an address; None: the one that $RAY_ADDRESS names, or one that is started here for this collection.

    workers: None means as many as the cluster has room for. gpu_share: of a GPU, for each; None: a whole one, where there is any.
    Raises WorkerError where the cluster has no room for them: ray would wait for it without a word.
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

        def call(place: int, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
            answer: Future[Any] = Future()
            actors[place].call.remote(function, *arguments).future().add_done_callback(lambda done: _settle(answer, done))
            return answer

        def restart(place: int) -> None:
            ray.kill(actors[place])
            actors[place] = made.remote()

        yield WorkerPool(count, call, restart, (RayActorError,))
    finally:
        ray.shutdown()


def _room(node: dict[str, float], share: float) -> int:
    """How many workers a node has room for: of one core each, and all of a worker's share on one GPU."""
    cores = int(node.get("CPU", 0))
    return min(cores, int(node.get("GPU", 0)) * int(1 / share + 1e-9)) if share else cores


def _too_few(nodes: list[dict[str, float]], workers: int, share: float, room: int) -> str:
    gpus, cores = (sum(node.get(kind, 0) for node in nodes) for kind in ("GPU", "CPU"))
    has = f"the ray cluster has {gpus:g} GPUs and {cores:g} cores on {len(nodes)} nodes, room for {room} of them"
    if share and not gpus:
        return f"A worker with {share:g} of a GPU is asked for; {has}. Without --gpu-share its cores compute; --address names another."
    a_share = f" with {share:g} of a GPU" if share else ""
    return f"{workers} workers{a_share} and a core each are asked for; {has}. Fewer --workers or a smaller --gpu-share fit."


class _Worker:
    """Runs what it is given."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> tuple[Any, Exception | None]:
        """What the function returns or raises; ray itself would wrap the latter, and print its trace."""
        try:
            return function(*arguments), None
        except Exception as error:
            return None, error


def _settle(answer: "Future[Any]", done: "Future[Any]") -> None:
    error = done.exception()
    if error is None:
        result, error = done.result()
        if error is None:
            answer.set_result(result)
            return
    answer.set_exception(error)
