"""Has a worker of this machine train one run again and save its weights. Loads no TensorFlow."""

from pathlib import Path

from collector.execution.local_pool import local_pool
from collector.execution.scheduler import START_FAILED, WorkerError
from collector.execution.worker import export_item, start
from collector.planning.work_item import WorkItem
from collector.spec.study import Study
from collector.storage.folder import Folder
from collector.storage.store import open_store
from collector.storage.tables import protocol_table
from collector.trained.facts import Answers


def export_run(study: Study, where: Folder, item: WorkItem, folder: Path) -> Answers:
    """Train the only run of a fine-tune again, write its SavedModel, and return what that answers. Stores no row.

    where: the study's. Raises WorkerError where it fails, StoreError where the study is of another protocol.
    """
    store = open_store(where, protocol_table(study.protocol))
    with local_pool(1) as pool:
        try:
            pool.call(0, start, study, store, 0).result()
            found: Answers | str = pool.call(0, export_item, item, str(folder)).result()
        except pool.lost as error:
            raise WorkerError(START_FAILED) from error
    if isinstance(found, str):
        raise WorkerError(f"{item.model.model} could not be trained again to be saved: {found}")
    return found
