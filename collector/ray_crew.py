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

from collector.engine import Crew


@contextmanager
def ray_crew(address: str | None, workers: int | None, gpu_share: float) -> Iterator[Crew]:
    """Actors on the cluster at an address; None: the one that $RAY_ADDRESS names, or one that is started here for this collection.

    workers: None means as many as the cluster has room for. gpu_share: of a GPU, for each, where the cluster has any.
    """
    ray.init(address, log_to_driver=False, logging_level="ERROR", include_dashboard=False if address is None else None)
    try:
        room = ray.cluster_resources()
        gpus = room.get("GPU", 0.0)
        needs = {"num_cpus": 1, "num_gpus": gpu_share if gpus else 0}
        count = workers or max(1, int(min(room.get("CPU", 1), gpus / gpu_share if gpus else room.get("CPU", 1))))
        made = ray.remote(_Worker).options(**needs)
        actors = [made.remote() for _ in range(count)]

        def call(place: int, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
            answer: Future[Any] = Future()
            actors[place].call.remote(function, *arguments).future().add_done_callback(lambda done: _settle(answer, done))
            return answer

        def restart(place: int) -> None:
            ray.kill(actors[place])
            actors[place] = made.remote()

        yield Crew(count, call, restart, (RayActorError,))
    finally:
        ray.shutdown()


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
