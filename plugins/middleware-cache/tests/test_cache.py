"""Which calls are answered from disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from middleware_cache.cache import cache

from registry_core import AgentDefinition, RegistryError
from registry_core.names import AgentId, AgentName, SchemaId

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = AgentDefinition(
    name=AgentName("shout"),
    target="loud.agents:shout",
    output=SchemaId("str#0123456789ab"),
    idempotent=True,
)
OTHER_OUTPUT = replace(DEFINITION, output=SchemaId("str#ba9876543210"))


@dataclass
class _Stage:
    """A stage whose agent puts its input in capitals, and counts how often it is asked."""

    inputs: Mapping[str, object]
    agent: AgentId = field(default_factory=lambda: AgentId("loud/shout@1.0"))
    definition: AgentDefinition = DEFINITION
    run_id: str = "run"
    stage_id: str = "stage"
    attempt: int = 0
    asked: int = 0

    def dump_inputs(self) -> bytes:
        return json.dumps(self.inputs, sort_keys=True).encode()

    def dump_output(self, value: object) -> bytes:
        return json.dumps(value).encode()

    def load_output(self, data: bytes) -> object:
        return json.loads(data)

    async def proceed(self) -> object:
        self.asked += 1
        return str(self.inputs["text"]).upper()

    def run(self) -> object:
        return asyncio.run(_cached(self))


async def _cached(stage: _Stage) -> object:
    return await cache(stage, stage.proceed)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep results away from the user's own."""
    monkeypatch.setenv("AGENTREG_RESULT_CACHE", str(tmp_path / "results"))
    return tmp_path / "results"


class TestHits:
    def test_the_same_call_is_answered_once(self) -> None:
        """The second report on a book should not read it again."""
        first, second = _Stage({"text": "a"}), _Stage({"text": "a"})

        assert (first.run(), second.run()) == ("A", "A")
        assert (first.asked, second.asked) == (1, 0)

    @pytest.mark.parametrize(
        "other",
        [
            _Stage({"text": "b"}),
            _Stage({"text": "a"}, agent=AgentId("loud/shout@1.1")),
            _Stage({"text": "a"}, definition=OTHER_OUTPUT),
        ],
    )
    def test_another_call_is_another_call(self, other: _Stage) -> None:
        """An answer to a different question is the worst kind of fast."""
        _Stage({"text": "a"}).run()

        other.run()

        assert other.asked == 1


class TestMisses:
    @pytest.mark.parametrize(
        "definition",
        [
            replace(DEFINITION, idempotent=False),
            replace(DEFINITION, wants_context=True),
        ],
    )
    def test_what_may_differ_next_time_is_always_asked(self, definition: AgentDefinition) -> None:
        """Sending a mail twice is not the same as having sent it once."""
        stage = _Stage({"text": "a"}, definition=definition)

        assert (stage.run(), stage.run()) == ("A", "A")
        assert stage.asked == 2

    def test_a_failure_is_not_kept(self) -> None:
        """A network that was down must not stay down for ever."""
        failing = _Stage({})

        for _ in range(2):
            with pytest.raises(KeyError):
                failing.run()

        assert failing.asked == 2


class TestTrouble:
    def test_an_unwritable_disk_fails_no_run(self, place: Path) -> None:
        """A cache is a convenience."""
        place.write_text("a file where the folder should be", encoding="utf-8")
        stage = _Stage({"text": "a"})

        assert (stage.run(), stage.run()) == ("A", "A")
        assert stage.asked == 2

    @pytest.mark.parametrize("step", ["dump_inputs", "dump_output", "load_output"])
    def test_values_that_cannot_be_written_are_passed_through(
        self, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not every value has a JSON form, and schemas change."""

        def refuse(*_: object) -> object:
            raise RegistryError

        monkeypatch.setattr(_Stage, step, refuse)
        stage = _Stage({"text": "a"})

        assert (stage.run(), stage.run()) == ("A", "A")
        assert stage.asked == 2
