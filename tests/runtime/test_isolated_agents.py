"""Tests of isolated agents as whoever runs a pipeline meets them."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from registry_core.errors import AgentLoadError
from registry_core.pipeline.pipeline import Pipeline
from registry_core.pipeline.policy import Policy, Substitute
from registry_core.runtime.scope import RunOptions
from registry_core.settings.limits import BreakerPolicy, IsolationPolicy
from registry_core.settings.values import RunSettings
from registry_core.store.store import Store
from tests.runtime.isolation import appearing, eventually, install, is_alive, isolated

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core.registry import Registry
    from registry_core.results.outcomes import ErrorRecord
    from registry_core.testing.site import AgentSite


@pytest.fixture
def site(agent_site: AgentSite) -> AgentSite:
    """Return a folder in which the wild plugin is installed."""
    install(agent_site)
    return agent_site


@pytest.fixture
def registry(site: AgentSite) -> Registry:
    """Return a registry in which it is isolated."""
    return isolated(site, run=RunSettings(breaker=BreakerPolicy(minimum_calls=1000)))


def error_of(registry: Registry, agent: str, value: object) -> ErrorRecord:
    """Return the record of what a run of one agent fails with."""
    result = registry.run_sync(f"wild-agents/{agent}", value)
    (stage,) = result.stages
    assert stage.error is not None
    return stage.error


class TestCalls:
    def test_the_agent_runs_in_another_process_and_is_not_imported_here(
        self, registry: Registry
    ) -> None:
        """That is what the setting promises."""
        first = registry.run_sync("wild-agents/act", "pid").output
        second = registry.run_sync("wild-agents/act_in_thread", "pid").output

        assert first == second != str(os.getpid())
        assert "wild_agents" not in sys.modules

    def test_a_pipeline_mixes_isolated_agents_with_others(self, registry: Registry) -> None:
        """Where an agent runs is nobody's business but the operator's."""
        from tests.runtime.samples import lengthen, title

        mixed = (
            Pipeline("mixed")
            .stage(title)
            .stage("wild-agents/cut")
            .stage("wild-agents/count_words")
            .stage(lengthen)
        )

        result = registry.run_sync(mixed, "to be or")

        assert result.output == "3!"

    def test_its_output_is_plain_json_for_whoever_runs_it(self, registry: Registry) -> None:
        """The class of the value is the plugin's, and was never imported."""
        result = registry.run_sync("wild-agents/cut", "to be")

        assert result.output == {"number": 1, "words": ["to", "be"]}

    def test_the_items_of_a_batch_share_the_workers(self, site: AgentSite) -> None:
        """A thousand items must not mean a thousand processes."""
        registry = isolated(site, IsolationPolicy(plugins=("wild-agents",), workers=2))

        result = asyncio.run(registry.batch("wild-agents/act", ["pid"] * 20))

        pids = {item.output for item in result.items}
        assert 1 <= len(pids) <= 2
        assert str(os.getpid()) not in pids

    def test_a_class_is_made_and_opened_once_for_a_worker_and_configuration(
        self, site: AgentSite, tmp_path: Path
    ) -> None:
        """A model is loaded once, not for each call; a cut worker closes it."""
        registry = isolated(site, IsolationPolicy(plugins=("wild-agents",), workers=1))
        mark = tmp_path / "mark"
        counted = Pipeline("p").stage("wild-agents/count", config={"prefix": str(mark)})
        other = Pipeline("p").stage("wild-agents/count", config={"times": 5})

        counts = [registry.run_sync(what, "x").output for what in (counted, counted, other)]
        pool = registry.runner.host.workers_of("wild-agents:wild")
        pool.close()

        assert counts == ["1 1", "1 2", "1 5"]
        assert eventually(mark.exists)

    def test_an_agent_hears_of_its_run(self, registry: Registry) -> None:
        """Deadlines and metadata are for agents wherever they run."""
        result = registry.run_sync(
            "wild-agents/where", "", options=RunOptions(metadata={"tenant": "a"})
        )

        assert result.output == "only 1 {'tenant': 'a'} True wild-agents/where@1.0"

    def test_it_is_made_with_what_its_stage_says(self, registry: Registry) -> None:
        """Two stages of one agent may be configured differently, and share a worker."""
        twice = Pipeline("p").stage("wild-agents/repeat", config={"times": 2, "prefix": ">"})
        once = Pipeline("p").stage("wild-agents/repeat", config={"times": 1})

        assert registry.run_sync(twice, "ab").output == ">abab"
        assert registry.run_sync(once, "c").output == "c"

    def test_a_kept_run_is_as_any_other(self, registry: Registry, tmp_path: Path) -> None:
        """What is kept is JSON anyway, and a later host may import what this one isolates."""
        chain = Pipeline("c").stage("wild-agents/cut").stage("wild-agents/count_words")

        with Store(tmp_path / "runs") as store:
            result = registry.run_sync(chain, "to be", store=store)
            (line,) = store.runs()

        assert result.output == 2
        assert line.status == "success"


class TestFailures:
    @pytest.mark.parametrize(
        ("agent", "text"),
        [
            ("act", "raise"),
            ("act", "key"),
            ("act", "unicode"),
            ("act", "group"),
            ("act", "leave 4"),
            ("act", "interrupt"),
            ("act", "cancel"),
            ("act", "stop"),
            ("act", "value"),
            ("act_in_thread", "raise"),
            ("act_in_thread", "leave"),
        ],
    )
    def test_what_an_agent_raises_is_recorded_as_in_process(
        self, site: AgentSite, registry: Registry, agent: str, text: str
    ) -> None:
        """Whoever turns isolation on must not have to learn to read records again."""
        here = error_of(site.discover(), agent, text)
        there = error_of(registry, agent, text)

        assert (there.code, there.type, there.message) == (here.code, here.type, here.message)
        assert (there.cause, there.traceback) == (here.cause, here.traceback)

    @pytest.mark.parametrize(
        ("retry_on", "calls"), [("ValueError", 2), ("Torn", 2), ("OSError", 1), ("Exception", 2)]
    )
    def test_policies_know_the_classes_of_what_it_raises(
        self, registry: Registry, retry_on: str, calls: int
    ) -> None:
        """The name in ``retry_on`` is that of a class which is not here."""
        policy = Policy(max_attempts=2, retry_on=(retry_on,))

        result = registry.run_sync(Pipeline("p").stage("wild-agents/act", policy=policy), "raise")

        assert len(result.stages[0].attempts) == calls

    def test_a_value_that_is_none_of_its_output_is_refused_there(self, registry: Registry) -> None:
        """The next agent must not get what no schema promised."""
        record = error_of(registry, "ratio", 7.0)

        assert record.code == "invalid_output"
        assert "7" not in record.message

    def test_no_number_that_json_does_not_have_comes_back(self, registry: Registry) -> None:
        """NaN is no JSON, in either direction."""
        given = error_of(registry, "half", float("nan"))
        taken = error_of(registry, "half", -1.0)

        assert given.code == "invalid_input"
        assert taken.code == "invalid_output"

    def test_a_value_that_the_agent_does_not_take_is_its_input_s_fault(
        self, registry: Registry
    ) -> None:
        """It is not tried again: it would fit no better."""
        record = error_of(registry, "count_words", {"number": "one"})

        assert record.code == "invalid_input"
        assert "number" in record.message

    def test_code_that_is_not_there_is_a_load_error(
        self, site: AgentSite, registry: Registry
    ) -> None:
        """A plugin that breaks while the host runs is told as in process."""
        (site.folder / "wild_agents.py").write_text("import gone\n", encoding="utf-8")

        record = error_of(registry, "act", "x")

        assert "cannot be loaded (import)" in record.message
        assert any("ModuleNotFoundError" in line for line in record.cause)

    def test_code_that_changed_its_types_is_refused(
        self, site: AgentSite, registry: Registry
    ) -> None:
        """What was planned with is not what is there."""
        code = (site.folder / "wild_agents.py").read_text(encoding="utf-8")
        changed = code.replace("async def act(text: str) -> str", "async def act(text: str) -> int")
        (site.folder / "wild_agents.py").write_text(changed, encoding="utf-8")

        record = error_of(registry, "act", "x")

        assert "cannot be loaded (declare)" in record.message

    def test_a_stage_that_may_be_skipped_is_skipped(self, registry: Registry) -> None:
        """Death is a failure like any other: the policy decides."""
        policy = Policy(on_error="skip", substitute=Substitute("nothing"))

        result = registry.run_sync(Pipeline("p").stage("wild-agents/act", policy=policy), "exit 3")

        assert (result.status, result.output) == ("partial", "nothing")


class TestEnds:
    def test_a_cancelled_run_ends_its_worker(self, registry: Registry, tmp_path: Path) -> None:
        """What nobody waits for must not go on spending."""
        note = tmp_path / "pid"

        async def cancelled() -> None:
            task = asyncio.create_task(registry.run("wild-agents/act", f"note {note}"))
            await appearing(note, task)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(cancelled())

        assert eventually(lambda: not is_alive(int(note.read_text())))

    def test_two_event_loops_share_the_workers(self, registry: Registry) -> None:
        """A server has a loop in each thread, and one host."""
        pids: set[object] = set()

        def work() -> None:
            async def calls() -> None:
                for _ in range(20):
                    pids.add((await registry.run("wild-agents/act", "pid")).output)

            asyncio.run(calls())

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert None not in pids
        assert len(pids) <= 2


class TestTrust:
    def test_what_would_act_in_this_process_is_refused(self, registry: Registry) -> None:
        """Middleware of an isolated plugin would be a hole in the wall."""
        with pytest.raises(AgentLoadError) as refused:
            registry.run_sync("wild-agents/act", "x", middleware=["around"])

        assert refused.value.step == "isolation"
        assert "wild_agents" not in sys.modules

    def test_a_collector_is_refused_as_well(self, site: AgentSite) -> None:
        """It would hear every run, of everybody."""
        registry = isolated(site, run=RunSettings(collectors=("wild-agents/listener",)))

        with pytest.raises(AgentLoadError) as refused:
            registry.run_sync("wild-agents/act", "x")

        assert refused.value.step == "isolation"

    def test_a_name_that_is_nobody_s_isolates_nobody(self, site: AgentSite) -> None:
        """As in the lists of [plugins]: what is not installed cannot be meant."""
        registry = isolated(site, IsolationPolicy(plugins=("tame-agents",)))

        assert registry.run_sync("wild-agents/act", "pid").output == str(os.getpid())

    def test_a_plugin_may_be_meant_by_its_entry_point(self, site: AgentSite) -> None:
        """One distribution may have several plugins."""
        registry = isolated(site, IsolationPolicy(plugins=("Wild_Agents:wild",)))

        assert registry.run_sync("wild-agents/act", "pid").output != str(os.getpid())


class TestCost:
    def test_whoever_isolates_nobody_pays_nothing(self) -> None:
        """A start that imports what it does not need is slow for everybody."""
        code = (
            "import sys\n"
            "from registry_core import Registry, agent\n"
            "@agent(mutates=False)\n"
            "async def echo(text: str) -> str: return text\n"
            "assert Registry().with_agents(echo).run_sync('echo', 'x').output == 'x'\n"
            "print([name for name in sys.modules if '.isolated_' in name])\n"
        )

        printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

        assert printed.stdout.strip() == b"[]"


class TestLogs:
    def test_a_death_is_logged_with_the_plugin(
        self, registry: Registry, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Operators grep for the plugin, not for a number."""
        with caplog.at_level(logging.WARNING, logger="registry_core.runtime"):
            registry.run_sync("wild-agents/act", "exit 3")

        assert "a worker of wild-agents:wild died: exit 3" in caplog.text
