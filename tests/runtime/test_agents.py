"""Bringing agents in: code, configuration, opening and closing."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from registry_core import Policy, agent
from registry_core.errors import AgentLoadError, UnknownNameError
from registry_core.names import AgentId  # noqa: TC001 -- hints are resolved
from registry_core.runtime.agents import Blueprints
from registry_core.runtime.engine import execute
from registry_core.runtime.scope import RunOptions
from tests.runtime.rig import Agents, Part, agent_id, assemble

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.results.run import RunResult

TRACE: list[str] = []


@pytest.fixture(autouse=True)
def fresh_trace() -> None:
    """Forget what other tests opened."""
    TRACE.clear()


class Limits(BaseModel, extra="forbid"):
    """How much is allowed."""

    rpm: int = 60
    words: list[str] = []


@agent
class Tool:
    """An agent that has something to open."""

    def __init__(self, config: Limits) -> None:
        """Keep the configuration."""
        self.config = config
        TRACE.append(f"made {config.rpm}")

    async def open(self) -> None:
        """Note it."""
        TRACE.append(f"opened {self.config.rpm}")

    async def process(self, number: int) -> int:
        """Return the limit, once."""
        self.config.words.append("used")
        if number == 666:
            raise OSError
        return self.config.rpm + len(self.config.words)

    async def aclose(self) -> None:
        """Note it."""
        TRACE.append(f"closed {self.config.rpm}")


@agent
class SyncTool:
    """An agent whose methods all are ordinary functions."""

    def open(self) -> None:
        """Note it, and where."""
        TRACE.append(f"opened {threading.current_thread().name}")

    def process(self, number: int) -> int:
        """Return it."""
        return number

    def aclose(self) -> None:
        """Note it, and where."""
        TRACE.append(f"closed {threading.current_thread().name}")


@agent
class Unopenable:
    """An agent that cannot be opened."""

    async def open(self) -> None:
        """Fail."""
        raise ConnectionError("sk-CANARY")

    async def process(self, number: int) -> int:
        """Never get here."""
        return number

    async def aclose(self) -> None:
        """Note it."""
        TRACE.append("closed what was never open")


@agent
class Unclosable:
    """An agent that does not let go."""

    async def process(self, number: int) -> int:
        """Return it."""
        return number

    async def aclose(self) -> None:
        """Never end."""
        await asyncio.sleep(3600)


@agent
async def fails(number: int) -> int:
    """Fail."""
    raise OSError(number)


@agent
async def configured(number: int, config: Limits = Limits(rpm=5)) -> int:  # noqa: B008
    """Return the limit."""
    return config.rpm + number


class Broken(Agents):
    """A source one of whose agents cannot be had."""

    def __init__(self, error: BaseException, *targets: Callable[..., object]) -> None:
        """Raise *error* for the last of *targets*."""
        super().__init__(targets)
        self._error = error
        self._bad = agent_id(targets[-1])

    def load(self, agent: AgentId) -> Callable[..., object]:
        """Return the agent, or fail."""
        if agent == self._bad:
            raise self._error
        return super().load(agent)


def load_error(result: RunResult) -> str:
    """Return the text of a run that failed to load an agent."""
    assert result.error is not None
    assert result.error.code == "load_error"
    return result.error.message


@pytest.mark.requirement("R107", "R93")
class TestLifecycle:
    def test_an_agent_is_made_opened_and_closed_once_a_run(self) -> None:
        """A connection for each attempt is a leak, none at all is an error."""
        rig = assemble(Part(Tool, config={"rpm": 7}))

        result = rig.run({"number": 1})

        assert result.output == 8
        assert TRACE == ["made 7", "opened 7", "closed 7"]

    @pytest.mark.parametrize("number", [1, 666])
    def test_whatever_happens_each_is_closed_in_reverse_order(self, number: int) -> None:
        """The failing run is the one that leaks until the next night."""
        rig = assemble(
            Part(Tool, id="a", config={"rpm": 1}),
            Part(Tool, id="b", config={"rpm": 2}, sources={"number": "$number"}),
        )

        rig.run({"number": number})

        assert TRACE[-2:] == ["closed 2", "closed 1"]
        assert len(TRACE) == 6

    def test_a_cancelled_run_closes_its_agents(self) -> None:
        """A user who loses patience is no reason to lose a connection."""

        @agent
        async def waits(number: int) -> int:
            await asyncio.sleep(60)
            return number

        result = assemble(Part(Tool, config={"rpm": 1}), waits).run(
            {"number": 1}, options=RunOptions(timeout_seconds=0.1)
        )

        assert result.status == "timed_out"
        assert TRACE == ["made 1", "opened 1", "closed 1"]

    def test_methods_that_are_not_async_run_in_a_thread(self) -> None:
        """A client library that blocks while it connects must not stop the others."""
        assemble(SyncTool).run({"number": 1})

        assert TRACE == ["opened registry-agent", "closed registry-agent"]

    def test_an_agent_that_never_closes_is_not_waited_for(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The answer is there; the line says who held it up."""
        options = RunOptions(close_seconds=0.01, grace_seconds=0.01)

        result = assemble(Unclosable).run({"number": 1}, options=options)

        assert result.output == 1
        assert "agent tests/unclosable@1 did not close: it took too long" in caplog.text

    def test_two_runs_share_no_instance(self) -> None:
        """What one caller's run leaves behind must not be another's input."""
        rig = assemble(Part(Tool, config={"rpm": 7, "words": []}))

        outputs = [rig.run({"number": 1}).output for _ in range(2)]

        assert outputs == [8, 8]


@pytest.mark.requirement("R93")
class TestAllOrNothing:
    @pytest.mark.requirement("R73")
    @pytest.mark.fault("F1", "F2")
    @pytest.mark.parametrize(
        "error", [ImportError("no module"), SystemExit(), UnknownNameError("agent", "x")]
    )
    def test_an_agent_that_cannot_be_had_stops_the_run_before_it_starts(
        self, error: BaseException
    ) -> None:
        """Half a pipeline has side effects and no result."""
        rig = assemble(Part(Tool, config={"rpm": 1}), fails)
        source = Broken(error, Tool, fails)

        result = asyncio.run(execute(rig.pipeline, {"number": 1}, agents=source))

        assert type(error).__name__ in load_error(result)
        assert [record.status for record in result.stages] == ["not_run", "failed"]
        assert TRACE == ["made 1", "opened 1", "closed 1"]

    def test_a_refusal_of_the_source_is_handed_on(self) -> None:
        """Trust says why, and how to allow it."""
        refusal = AgentLoadError(agent_id(fails), "trust", "not in the lock", "agentreg lock")
        rig = assemble(fails)

        result = asyncio.run(execute(rig.pipeline, {"number": 1}, agents=Broken(refusal, fails)))

        assert load_error(result) == str(refusal)

    def test_what_could_not_be_opened_is_not_closed(self) -> None:
        """Its cause is kept."""
        result = assemble(Unopenable).run({"number": 1})

        assert "(open): ConnectionError" in load_error(result)
        assert result.error is not None
        assert result.error.cause == ("ConnectionError: sk-CANARY",)
        assert TRACE == []

    @pytest.mark.fault("F5")
    def test_an_import_that_never_ends_is_given_up(self) -> None:
        """A module that waits for the network at import is somebody's idea of a good one."""
        gate = threading.Event()

        class Slow(Agents):
            def load(self, agent: AgentId) -> Callable[..., object]:
                gate.wait()
                return super().load(agent)

        rig = assemble(fails)
        options = RunOptions(attempt_timeout_seconds=0.02, grace_seconds=0.01)
        result = asyncio.run(
            execute(rig.pipeline, {"number": 1}, agents=Slow([fails]), options=options)
        )
        gate.set()

        assert "took longer than 0.02 s" in load_error(result)

    @pytest.mark.requirement("R73")
    def test_the_loop_goes_on_while_code_is_imported(self) -> None:
        """An import takes a second, and a heartbeat is due every tenth."""
        ticked = threading.Event()

        class Slow(Agents):
            def load(self, agent: AgentId) -> Callable[..., object]:
                assert ticked.wait(30)
                return super().load(agent)

        rig = assemble(configured)

        async def main() -> RunResult:
            run = asyncio.create_task(
                execute(rig.pipeline, {"number": 1}, agents=Slow([configured]))
            )
            while not run.done():
                await asyncio.sleep(0.001)
                ticked.set()
            return await run

        assert asyncio.run(main()).output == 6

    @pytest.mark.fault("F37")
    def test_code_that_is_not_what_was_declared_does_not_run(self) -> None:
        """The plan was made for other types."""

        @agent(name="fails")
        async def changed(number: str) -> str:
            return number

        class Changed(Agents):
            def load(self, agent: AgentId) -> Callable[..., object]:
                del agent
                return changed

        rig = assemble(fails)
        result = asyncio.run(execute(rig.pipeline, {"number": 1}, agents=Changed([fails])))

        assert "other values than its manifest says" in load_error(result)


@pytest.mark.requirement("R75")
class TestConfig:
    def test_an_unknown_key_is_refused_by_name(self) -> None:
        """A misspelt limit is no limit."""
        result = assemble(Part(Tool, config={"rpn": 7, "rpm": "sk-CANARY"})).run({"number": 1})

        text = load_error(result)
        assert "rpn" in text
        assert "CANARY" not in result.to_json()

    def test_an_agent_without_settings_takes_none(self) -> None:
        """Settings that nobody reads are a misunderstanding."""
        result = assemble(Part(fails, config={"rpm": 7})).run({"number": 1})

        assert "takes no configuration" in load_error(result)

    @pytest.mark.parametrize(("config", "output"), [({}, 6), ({"rpm": 9}, 10)])
    def test_a_function_has_settings_too(
        self, config: dict[str, bool | int | float | str | None], output: int
    ) -> None:
        """Its default holds where the pipeline says nothing."""
        result = assemble(Part(configured, config={**config})).run({"number": 1})

        assert result.output == output


class TestBlueprints:
    def test_code_is_read_once_for_as_long_as_they_are_kept(self) -> None:
        """Reading signatures costs milliseconds, running a stage microseconds."""
        loads: list[AgentId] = []

        class Counting(Agents):
            def load(self, agent: AgentId) -> Callable[..., object]:
                loads.append(agent)
                return super().load(agent)

        rig = assemble(configured)
        blueprints = Blueprints(Counting([configured]))
        for _ in range(3):
            asyncio.run(execute(rig.pipeline, {"number": 1}, agents=blueprints))

        assert loads == [agent_id(configured)]

    def test_a_fallback_is_brought_in_only_when_it_is_needed(self) -> None:
        """Its licence may cost."""
        policy = Policy(on_error="fallback", fallback=agent_id(SyncTool))

        for target, opened in ((configured, 0), (fails, 1)):
            TRACE.clear()
            assemble(Part(target, policy=policy), others=[SyncTool]).run({"number": 1})
            assert len(TRACE) == 2 * opened
