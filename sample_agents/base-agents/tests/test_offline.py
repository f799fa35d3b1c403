"""Nothing is fetched, and nothing depends on the day or the process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

RUN_WITHOUT_NETWORK = """
import socket

def refuse(*arguments, **options):
    raise OSError("no network here")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse

from base_agents import AnalysisInput, TaskInput
from base_agents.analysis import content_analyzer
from base_agents.reporting import report_outcome
from base_agents.tasks import task_processor
from base_agents.transformation import tabulate_outcome
from base_agents.validation import validate_outcome

payload = "Pear, fig, pear. The fig was good; the pear was bad, and a plum is a plum."
task = TaskInput(instruction="extract words; count each; sort by value", payload=payload)
done = task_processor(task)
found = content_analyzer(AnalysisInput(passage=payload))
for outcome in (done, found):
    for follow in (tabulate_outcome, validate_outcome, report_outcome):
        print(follow(outcome).model_dump_json())
"""


def _run(hash_seed: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", RUN_WITHOUT_NETWORK],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},  # noqa: TID251 -- a child needs its path
        capture_output=True,
        check=True,
        text=True,
    ).stdout


class TestOffline:
    @pytest.mark.requirement("R85", "R87")
    def test_all_agents_work_without_a_network_and_always_say_the_same(self) -> None:
        """Sets are walked in another order in each process, and models are downloaded."""
        first, second = _run("1"), _run("2")

        assert '"headline":"accepted"' in first
        assert first == second
