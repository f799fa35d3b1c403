"""What an author's pytest has when registry-core is installed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from registry_core import Registry, agent
from tests.docs.pages import ROOT, fences_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.testing.clock import FakeClock
    from registry_core.testing.site import AgentSite

pytest_plugins = ["pytester"]

_PLUGIN = """
from registry_core import Example, agent, hookimpl

@agent(examples=[Example({"text": "so"}, "SO")])
def shout(text: str) -> str:
    return text.upper()

@hookimpl
def registry_agents():
    return [shout]
"""


@pytest.fixture
def project(pytester: pytest.Pytester, agent_site: AgentSite) -> pytest.Pytester:
    """A project with one test, whose plugin is installed and ships no manifest."""
    agent_site.install(
        "loud-agents", files={"loud_agents.py": _PLUGIN}, plugins={"loud-agents": "loud_agents"}
    )
    pytester.makepyfile(test_own="def test_own(): pass")
    pytester.makepyprojecttoml('[project]\nname = "Loud_Agents"\n')
    return pytester


class TestCost:
    def test_it_is_there_without_being_felt(self) -> None:
        """Every project in the environment gets it, and most of them are no plugins."""
        code = (
            "import sys, pytest; before = set(sys.modules)\n"
            "import registry_core.testing.plugin\n"
            "print(*sorted(set(sys.modules) - before))\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )

        assert done.stdout.split() == [
            "registry_core",
            "registry_core.testing",
            "registry_core.testing.plugin",
        ]


class TestConformance:
    def test_nothing_is_added_unless_it_is_asked_for(self, project: pytest.Pytester) -> None:
        """A run of one's own tests stays one."""
        project.runpytest().assert_outcomes(passed=1)

    def test_each_check_of_the_named_plugin_is_an_item(self, project: pytest.Pytester) -> None:
        """So that `-k` and reports work as for any test."""
        done = project.runpytest("--agent-conformance=loud-agents", "--collect-only", "-q")

        done.stdout.fnmatch_lines_random(
            [
                "agent-conformance::loud-agents:loud-agents:import",
                "agent-conformance::loud-agents/shout@1.0:examples",
            ]
        )

    def test_the_projects_own_plugin_is_meant_unless_one_is_named(
        self, project: pytest.Pytester
    ) -> None:
        """An author has one, and types its name often enough."""
        done = project.runpytest("--agent-conformance")

        done.assert_outcomes(passed=7)
        done.stdout.fnmatch_lines(["*agent conformance*", "*loud_agents: * ms of CPU time"])

    def test_what_was_found_is_all_that_is_shown(self, project: pytest.Pytester) -> None:
        """A traceback through pytest and this package helps nobody."""
        done = project.runpytest("--agent-conformance", "--agent-import-limit=-1")

        done.assert_outcomes(passed=6, failed=1)
        done.stdout.fnmatch_lines(["importing loud_agents takes * ms of CPU time, more than *"])
        done.stdout.no_fnmatch_line("*Traceback*")

    @pytest.mark.parametrize(
        ("words", "count"),
        [(("-k", "shout"), 2), (("-m", "agent_conformance"), 6), (("test_own.py::test_own",), 1)],
    )
    def test_items_are_selected_as_tests_are(
        self, words: tuple[str, ...], count: int, project: pytest.Pytester
    ) -> None:
        """Options in pyproject.toml must not get into the way of running one test."""
        done = project.runpytest("--agent-conformance=loud-agents", *words)

        assert done.parseoutcomes()["passed"] == count

    def test_a_plugin_that_is_not_installed_is_refused(self, project: pytest.Pytester) -> None:
        """Checking nothing would pass."""
        done = project.runpytest("--agent-conformance=lout-agents")

        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*no plugin 'lout-agents' is installed here*loud-agents*"])

    def test_a_folder_without_a_project_has_no_own_plugin(self, project: pytest.Pytester) -> None:
        """Then the name has to be said."""
        (project.path / "pyproject.toml").write_text("")

        done = project.runpytest("--agent-conformance")

        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*say --agent-conformance=PLUGIN*"])


class TestPages:
    @pytest.mark.requirement("R100")
    @pytest.mark.parametrize("name", ["how-to/test-a-plugin.md", "reference/testing.md"])
    def test_the_tests_on_a_page_pass(self, name: str, pytester: pytest.Pytester) -> None:
        """What is shown to authors is copied by authors."""
        blocks = [
            fence.text for fence in fences_of(ROOT / "docs" / name) if fence.language == "python"
        ]
        pytester.makepyfile(test_page="\n".join(blocks))

        done = pytester.runpytest()

        assert done.ret == pytest.ExitCode.OK


@agent
def count_words(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


class TestFixtures:
    def test_an_isolated_registry_has_what_the_test_gives_it(
        self, isolated_registry: Registry
    ) -> None:
        """What else is installed on the machine must not decide a test."""
        registry = isolated_registry.with_agents(count_words)

        assert [agent.agent for agent in registry.agents] == ["count_words"]
        assert registry.run_sync("count_words", "one two").output == 2

    @pytest.mark.usefixtures("no_discovery")
    def test_discovery_finds_nothing_when_it_is_blocked(self) -> None:
        """Code under test may discover by itself."""
        assert Registry.discover(rescan=True).agents == ()

    def test_what_is_installed_on_the_site_can_be_found_and_run(
        self, agent_site: AgentSite
    ) -> None:
        """A test of installing needs metadata, RECORD and files, and no network."""
        agent_site.install(
            "loud-agents", files={"loud_agents.py": _PLUGIN}, plugins={"loud-agents": "loud_agents"}
        )

        registry = agent_site.discover()

        assert registry.agents == ("loud-agents/shout@1.0",)
        assert registry.run_sync("shout", "so").output == "SO"

    @pytest.mark.parametrize("turn", ["first", "second"])
    def test_nothing_of_a_site_outlives_its_test(
        self, turn: str, agent_site: AgentSite, install_saying: Callable[[AgentSite, str], None]
    ) -> None:
        """Two tests may install different code under one name."""
        install_saying(agent_site, turn)

        result = agent_site.discover().run_sync("say")

        assert result.output == turn

    async def _slept(self, clock: FakeClock) -> float:
        await clock.sleep(3600)
        return clock.monotonic()

    def test_an_hour_passes_at_once(self, fake_clock: FakeClock) -> None:
        """Nobody waits for a test of waiting."""
        import asyncio

        assert asyncio.run(self._slept(fake_clock)) == 3600


@pytest.fixture
def install_saying() -> Callable[[AgentSite, str], None]:
    """Return how to install an agent that says one word."""

    def install(site: AgentSite, word: str) -> None:
        code = _PLUGIN.split("@agent", maxsplit=1)[0] + (
            f"@agent\ndef say() -> str:\n    return {word!r}\n\n"
            "@hookimpl\ndef registry_agents():\n    return [say]\n"
        )
        site.install("say-agents", files={"say_agents.py": code}, plugins={"say": "say_agents"})

    return install
