"""Promises that a plugin breaks are found before anybody installs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from registry_core.authoring.manifest import manifest_text
from registry_core.discovery.probe import probe
from registry_core.testing.conformance import checks_of
from registry_core.testing.findings import Broken, Finding, Held, Unchecked

if TYPE_CHECKING:
    from collections.abc import Callable

    from registry_core.testing.site import AgentSite

_HEAD = """
import asyncio
from registry_core import Example, RunContext, agent, hookimpl
"""
_TAIL = """
@hookimpl
def registry_agents():
    return [act]
"""
SHOUT = """
@agent(idempotent=True, mutates=False, examples=[Example({"text": "so"}, "SO")])
def act(text: str) -> str:
    return text.upper()
"""


@pytest.fixture
def find(agent_site: AgentSite) -> Callable[..., Finding]:
    """Return what one check finds of a plugin whose agent ``act`` is the given code."""

    def finding(
        name: str, code: str = SHOUT, *, tail: str = _TAIL, limit: float | None = None
    ) -> Finding:
        (agent_site.folder / "odd_agents.py").write_text(_HEAD + code + tail)
        answer = probe("odd_agents", path=[str(agent_site.folder)])
        files: dict[str, str | bytes] = {"odd_agents.py": _HEAD + code + tail}
        manifests: dict[str, str] = {}
        if answer.manifest is not None:
            files["odd_data/agents.json"] = manifest_text(answer.manifest)
            manifests = {"odd-agents": "odd_data:agents.json"}
        agent_site.install(
            "odd-agents", files=files, plugins={"odd-agents": "odd_agents"}, manifests=manifests
        )
        registry = agent_site.discover()
        checks = checks_of(registry, registry.plugins[0], import_limit_seconds=limit)
        return next(check.run() for check in checks if check.name == name)

    return finding


class TestPlugin:
    @pytest.mark.parametrize(
        "name",
        ["state", "import", "hooks", "manifest", "examples", "idempotent", "inputs"],
    )
    def test_a_plugin_in_order_holds_every_promise(
        self, name: str, find: Callable[..., Finding]
    ) -> None:
        """A check that cries wolf gets switched off."""
        assert isinstance(find(name), Held)

    def test_what_importing_costs_is_told(self, find: Callable[..., Finding]) -> None:
        """Everybody who runs one agent pays for the whole module."""
        found = find("import")

        assert isinstance(found, Held)
        assert "ms of CPU time" in found.note

    def test_an_import_that_costs_more_than_allowed_is_found(
        self, find: Callable[..., Finding]
    ) -> None:
        """A limit in the author's CI keeps a plugin light."""
        assert isinstance(find("import", limit=-1.0), Broken)

    @pytest.mark.fault("F7")
    @pytest.mark.parametrize(
        "code",
        ["print('hello')", "import os; os.write(1, b'hello')", "import os; os.write(2, b'hello')"],
    )
    def test_output_at_import_is_found(self, code: str, find: Callable[..., Finding]) -> None:
        """Somebody's program writes its answer there."""
        found = find("import", f"{code}\n{SHOUT}")

        assert isinstance(found, Broken)
        assert "hello" in found.reason

    def test_process_state_that_an_import_changes_is_told(
        self, find: Callable[..., Finding]
    ) -> None:
        """The host puts it back, so the plugin must not count on it."""
        found = find("import", f"import sys; sys.path.append('/nowhere')\n{SHOUT}")

        assert isinstance(found, Held)
        assert "sys.path" in found.note

    @pytest.mark.fault("F18")
    @pytest.mark.parametrize(
        ("tail", "said"),
        [
            ("@hookimpl\ndef registry_agnets():\n    return []\n", "registry_agnets"),
            ("@hookimpl\ndef registry_schemas(colour):\n    return []\n", "colour"),
            ("def registry_schemas():\n    return []\n", "not marked with @hookimpl"),
        ],
    )
    def test_hooks_that_the_host_does_not_have_are_found(
        self, tail: str, said: str, find: Callable[..., Finding]
    ) -> None:
        """A misspelt hook offers nothing, and nobody hears of it."""
        found = find("hooks", tail=_TAIL + tail)

        assert isinstance(found, Broken)
        assert said in found.reason

    @pytest.mark.fault("F1")
    def test_a_plugin_that_cannot_be_used_says_why(self, find: Callable[..., Finding]) -> None:
        """The same words as in `agentreg doctor`."""
        found = find("state", "import nowhere_to_be_found")

        assert isinstance(found, Broken)
        assert "nowhere_to_be_found" in found.reason

    def test_a_manifest_that_differs_from_the_code_is_found(self, agent_site: AgentSite) -> None:
        """Hosts believe the manifest."""
        module = _HEAD + SHOUT + _TAIL
        (agent_site.folder / "odd_agents.py").write_text(module)
        answer = probe("odd_agents", path=[str(agent_site.folder)])
        assert answer.manifest is not None
        manifest = json.loads(manifest_text(answer.manifest))
        manifest["agents"][0]["cost"] = 7.0
        agent_site.install(
            "odd-agents",
            files={"odd_agents.py": module, "odd_data/agents.json": json.dumps(manifest)},
            plugins={"odd-agents": "odd_agents"},
            manifests={"odd-agents": "odd_data:agents.json"},
        )
        registry = agent_site.discover()

        checks = {check.name: check for check in checks_of(registry, registry.plugins[0])}
        found = checks["manifest"].run()

        assert isinstance(found, Broken)
        assert '"cost": 7.0' in found.reason


class TestAgent:
    def test_an_example_that_is_not_true_is_found(self, find: Callable[..., Finding]) -> None:
        """Readers copy examples before they read anything else."""
        found = find("examples", SHOUT.replace('"SO"', '"so"'))

        assert found == Broken('examples[0] gives "SO" and declares "so"')

    def test_an_example_that_fails_is_found(self, find: Callable[..., Finding]) -> None:
        """So is one that gives nothing at all."""
        found = find("examples", SHOUT.replace("text.upper()", "text.nothing()"))

        assert isinstance(found, Broken)
        assert "AttributeError" in found.reason

    def test_an_agent_without_examples_is_not_checked(self, find: Callable[..., Finding]) -> None:
        """Not checked is something else than right."""
        found = find("examples", "@agent\ndef act(text: str) -> str:\n    return text\n")

        assert isinstance(found, Unchecked)

    def test_an_agent_that_is_not_idempotent_is_found(self, find: Callable[..., Finding]) -> None:
        """The host retries it and caches its answers, because it said so."""
        code = """
count = 0
@agent(idempotent=True, examples=[Example({}, 1)])
def act() -> int:
    global count
    count += 1
    return count
"""
        found = find("idempotent", code)

        assert isinstance(found, Broken)
        assert "first 1, then 2" in found.reason

    def test_an_agent_that_changes_its_input_is_found(self, find: Callable[..., Finding]) -> None:
        """It said it does not, so no stage got a copy."""
        code = """
@agent(mutates=False, examples=[Example({"words": ["a"]}, 2)])
def act(words: list[str]) -> int:
    words.append("b")
    return len(words)
"""
        found = find("inputs", code)

        assert found == Broken("is declared mutates=False, and it changed its input words")

    @pytest.mark.fault("F42", "F43", "F44")
    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ("await asyncio.sleep(60)", "went on"),
            ("return 'late'", "returned a value"),
            ("raise ValueError from None", "raised ValueError"),
        ],
    )
    def test_an_agent_that_does_not_let_itself_be_cancelled_is_found(
        self, answer: str, said: str, find: Callable[..., Finding], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever waits for it would wait for nothing."""
        monkeypatch.setattr("registry_core.testing.exercise.GRACE_SECONDS", 0.01)
        code = f"""
@agent(examples=[Example({{}}, "")])
async def act() -> str:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        {answer}
    return ""
"""
        found = find("cancellation", code)

        assert isinstance(found, Broken)
        assert said in found.reason

    @pytest.mark.parametrize("name", ["examples", "inputs", "cancellation"])
    def test_classes_with_a_context_are_opened_and_closed(
        self, name: str, find: Callable[..., Finding]
    ) -> None:
        """An agent with a connection is checked as it is run."""
        code = """
@agent(mutates=False, examples=[Example({"text": "so"}, "open so")])
class Act:
    async def open(self) -> None:
        self.state = "open"
    async def process(self, text: str, context: RunContext) -> str:
        await asyncio.sleep(0.01)
        return f"{self.state} {text}"
act = Act
"""
        assert isinstance(find(name, code), Held)
