"""Run one installed agent by its examples: for real, twice, and cut short."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from registry_core.definitions.context import RunContext
from registry_core.errors import RegistryError
from registry_core.names import AgentId
from registry_core.registry import Registry
from registry_core.runtime.agents import Blueprint, Blueprints, LoadedAgent, bring_in
from registry_core.runtime.stepping import force
from registry_core.runtime.threads import AgentThreads
from registry_core.testing.findings import Broken, Finding, Held, Unchecked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TypeAlias

    from registry_core.definitions.agent import Example
    from registry_core.definitions.schema import JsonValue

    Called: TypeAlias = Callable[
        [LoadedAgent, Mapping[str, object], RunContext | None], Awaitable[Finding]
    ]

__all__ = ["GRACE_SECONDS", "Exercise"]

GRACE_SECONDS = 1.0

_NO_EXAMPLE = Unchecked("declares no example; give @agent one: examples=[Example(inputs, output)]")


@dataclass(frozen=True, slots=True)
class Exercise:
    """What can be tried with one agent; it has a second to end once it is cancelled.

    Attributes:
        registry: Where it is installed.
        agent: The agent.
    """

    registry: Registry
    agent: AgentId

    def examples(self) -> Finding:
        """Whether each example gives the output that it declares."""
        examples = self._examples
        for number, example in enumerate(examples):
            try:
                output = self._run(example)
            except RegistryError as error:
                return Broken(f"examples[{number}]: {error}")
            if output != example.output:
                wanted = json.dumps(example.output)
                return Broken(
                    f"examples[{number}] gives {json.dumps(output)} and declares {wanted}"
                )
        return Held() if examples else _NO_EXAMPLE

    def same_twice(self) -> Finding:
        """Whether each example gives the same result when it is run again."""
        examples = self._examples
        for number, example in enumerate(examples):
            try:
                first, second = self._run(example), self._run(example)
            except RegistryError as error:
                return Broken(f"examples[{number}]: {error}")
            if first != second:
                texts = f"first {json.dumps(first)}, then {json.dumps(second)}"
                return Broken(f"is declared idempotent, and examples[{number}] gave {texts}")
        return Held() if examples else _NO_EXAMPLE

    def inputs_left_alone(self) -> Finding:
        """Whether the inputs of the first example are afterwards what they were before."""
        return self._with_first_example(self._compare_inputs)

    def cancellation(self) -> Finding:
        """Whether it ends soon, and as cancelled, when it is cancelled while it waits."""
        return self._with_first_example(self._cancel)

    @property
    def _examples(self) -> tuple[Example, ...]:
        return self.registry.catalog.definition(self.agent).examples

    def _run(self, example: Example) -> JsonValue:
        result = self.registry.run_sync(self.agent, inputs=example.inputs)
        result.raise_for_status()
        return cast("JsonValue", json.loads(self._blueprint().output.dump(result.output)))

    def _blueprint(self) -> Blueprint:
        return Blueprints(self.registry.runner.loader).read(self.agent)

    def _with_first_example(self, call: Called) -> Finding:
        if not self._examples:
            return _NO_EXAMPLE
        try:
            return asyncio.run(self._open_and(call, self._examples[0]))
        except RegistryError as error:
            return Broken(str(error))

    async def _open_and(self, call: Called, example: Example) -> Finding:
        blueprint = self._blueprint()
        values = {name: blueprint.inputs[name].take(v) for name, v in example.inputs.items()}
        context = RunContext("conformance", "only", self.agent, 1)
        agent = await bring_in(blueprint, {}, threads=AgentThreads())
        try:
            return await call(agent, values, context if blueprint.wants_context else None)
        finally:
            await agent.aclose()

    async def _compare_inputs(
        self, agent: LoadedAgent, values: Mapping[str, object], context: RunContext | None
    ) -> Finding:
        codecs = agent.blueprint.inputs
        before = {name: codecs[name].dump(value) for name, value in values.items()}
        try:
            await agent.call(values, context)
        except Exception as error:  # noqa: BLE001 -- the agent is a stranger
            return Broken(f"examples[0] raised {type(error).__name__}")
        changed = [
            name for name, value in values.items() if codecs[name].dump(value) != before[name]
        ]
        if changed:
            return Broken(f"is declared mutates=False, and it changed its input {changed[0]}")
        return Held()

    async def _cancel(
        self, agent: LoadedAgent, values: Mapping[str, object], context: RunContext | None
    ) -> Finding:
        if not agent.blueprint.is_async:
            return Held()  # it runs in a thread, which is left behind when its time is up
        task = asyncio.create_task(agent.call(values, context))
        await asyncio.sleep(0)  # it runs to where it first waits
        if task.done():
            task.exception()
            return Held()  # it never waits
        task.cancel()
        await asyncio.wait((task,), timeout=GRACE_SECONDS)
        if not task.done():
            force(task)
            await asyncio.wait((task,), timeout=GRACE_SECONDS)
            return Broken(f"went on for {GRACE_SECONDS:g} s after it was cancelled")
        if task.cancelled():
            return Held()
        error = task.exception()
        done = f"raised {type(error).__name__}" if error else "returned a value"
        return Broken(f"{done} when it was cancelled; let asyncio.CancelledError through")
