"""A process may end as soon as it has read a study."""

import subprocess
import sys

from paths import ROOT

READ = """
import os
from collector.storage.folder import folder
from collector.storage.store import read_facts
threads = len(os.listdir("/proc/self/task"))
assert read_facts(folder("results/haystack"), "finetune").num_rows
print(len(os.listdir("/proc/self/task")) - threads)
"""


def test_reading_leaves_no_thread_that_could_end_the_process() -> None:
    """One in which Arrow releases Python's bytes while the interpreter exits aborts: "terminate called without an active exception"."""
    done = subprocess.run([sys.executable, "-c", READ], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
