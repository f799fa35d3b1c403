"""The middleware: ask the folder, else the agent."""

from __future__ import annotations

import asyncio
import os
from hashlib import sha256
from typing import TYPE_CHECKING

from middleware_cache.folder import ResultFolder
from registry_core import Call, Proceed, RegistryError, middleware

if TYPE_CHECKING:
    from registry_core import AgentDefinition

__all__ = ["cache"]


@middleware(scope="stage", order=100)
async def cache(call: Call, proceed: Proceed) -> object:
    """Answer a call from disk where the same one was answered before.

    Whatever goes wrong with the disk, the agent is asked as if there were no cache. What the
    agent raises is never kept.
    """
    key = _key(call) if _is_repeatable(call.definition) else None
    if key is None:
        return await proceed()
    folder = ResultFolder.of_user(os.environ)  # noqa: TID251 -- a plugin has settings of its own
    kept = await asyncio.to_thread(folder.read, key)
    if kept is not None:
        try:
            return call.load_output(kept)
        except RegistryError:
            pass  # written by a version that understood the schema differently
    value = await proceed()
    try:
        data = call.dump_output(value)
    except RegistryError:
        return value
    await asyncio.to_thread(folder.write, key, data)
    return value


def _is_repeatable(definition: AgentDefinition) -> bool:
    # A call does not show the context, so the key could not tell two of them apart.
    return definition.idempotent and not definition.wants_context


def _key(call: Call) -> str | None:
    try:
        inputs = call.dump_inputs()
    except RegistryError:
        return None
    question = (call.agent.encode(), call.definition.output.encode(), inputs)
    return sha256(b"\0".join(question)).hexdigest()
