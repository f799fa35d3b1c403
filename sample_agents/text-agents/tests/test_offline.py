"""Nothing is fetched, and nothing depends on the day or the process."""

from __future__ import annotations

import os
import subprocess
import sys

ANALYSE_WITHOUT_NETWORK = """
import socket

def refuse(*arguments, **options):
    raise OSError("no network here")

socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.create_connection = refuse

from document_schemas import DocumentText
from text_agents import plugin

text = DocumentText(title="", source_name="", text=(
    "Engineers closed the old bridge in March. Call +31 20 123 4567 or write to ada@example.org. "
    "The bridge is loved by everyone, and the city council pays for the new cables. "
    "A bridge without cables is a sad sight! The council met twice. It rained. We left early."
))
language = plugin.detect_language(text)
print(language)
print(plugin.extract_keywords(text, language))
print(plugin.analyse_sentiment(text, language))
print(plugin.find_personal_data(text))
print(plugin.measure_readability(text))
print(plugin.summarise(text))
"""


def _analyse(hash_seed: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", ANALYSE_WITHOUT_NETWORK],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},  # noqa: TID251 -- a child needs its path
        capture_output=True,
        check=True,
        text=True,
    ).stdout


class TestOffline:
    def test_all_agents_work_without_a_network_and_always_say_the_same(self) -> None:
        """Libraries of this trade like to download models on first use and to walk over sets."""
        first, second = _analyse("1"), _analyse("2")

        assert "language_code='en'" in first
        assert first == second
