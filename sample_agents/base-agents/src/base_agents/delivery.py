"""Delivery of messages: into a file, or to a webhook.

What is delivered twice is there twice, so neither agent is idempotent and nobody tries
again on their own account.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx

from base_agents.models import (
    Delivery,
    Destination,
    FileDestination,
    Message,
    WebhookDestination,
)
from base_agents.outcome import Outcome, as_json, text_of
from registry_core import Resources, agent

if TYPE_CHECKING:
    from typing import Literal

__all__ = ["OUTBOX", "RefusedError", "deliver", "deliver_outcome", "outcome_to_message"]

OUTBOX = FileDestination(path="outbox.jsonl", existing="append")
"""Where an outcome goes when nobody says where: a line of JSON each, in the working directory."""


class RefusedError(RuntimeError):
    """The other side answered, and not with success."""

    def __init__(self, address: str, status_code: int) -> None:
        """Keep the *address*, without what may be secret in it, and the *status_code*."""
        super().__init__(address, status_code)
        self.address = address
        self.status_code = status_code

    def __str__(self) -> str:
        """Tell both."""
        return f"{self.address} answered {self.status_code}"


@agent(
    capabilities="communication",
    tags=["file", "webhook"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=330,
    idempotent=False,
    mutates=False,
)
async def deliver(message: Message) -> Delivery:
    """Deliver a message to a file, or to a webhook by POST.

    Raises:
        FileExistsError: If the file is there and is to be left alone.
        RefusedError: If the webhook's status is not one of success; redirects are none.
        TimeoutError: If the webhook takes longer than the destination allows.
        httpx.HTTPError: If there is no way to the webhook.
    """
    match message.destination:
        case FileDestination(path=path, existing=existing):
            content = f"{text_of(message.body)}\n".encode()
            await asyncio.to_thread(_write, Path(path), content, existing)
            return _delivery(message, path, len(content))
        case WebhookDestination() as webhook:
            content = text_of({"subject": message.subject, "body": message.body}).encode()
            status_code = await _post(webhook, content)
            return _delivery(message, _shown(webhook.url), len(content), status_code)


@agent(
    tags=["converter"],
    cost=0.1,
    resources=Resources(memory_mib=32, cpu_cores=1),
    idempotent=True,
    mutates=False,
)
def outcome_to_message(outcome: Outcome, destination: Destination = OUTBOX) -> Message:
    """Make a message of an outcome, under its headline."""
    return Message(subject=outcome.headline, body=as_json(outcome), destination=destination)


@agent(
    capabilities={"communication": 0.5},
    tags=["file", "follow-up", "webhook"],
    resources=Resources(memory_mib=64, cpu_cores=1),
    timeout_seconds=330,
    idempotent=False,
    mutates=False,
)
async def deliver_outcome(outcome: Outcome, destination: Destination = OUTBOX) -> Delivery:
    """Deliver any agent's outcome; unless told where, as one more line of outbox.jsonl.

    Raises:
        FileExistsError: If the file is there and is to be left alone.
        RefusedError: If the webhook's status is not one of success; redirects are none.
        TimeoutError: If the webhook takes longer than the destination allows.
        httpx.HTTPError: If there is no way to the webhook.
    """
    return await deliver(outcome_to_message(outcome, destination))


def _write(path: Path, content: bytes, existing: Literal["refuse", "append", "replace"]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if existing == "replace":
        part = path.with_name(f".{path.name}.{uuid4().hex}.part")
        part.write_bytes(content)
        part.replace(path)
    else:
        with path.open("ab" if existing == "append" else "xb", buffering=0) as file:
            file.write(content)


async def _post(webhook: WebhookDestination, content: bytes) -> int:
    # httpx limits each step of an exchange; a peer that trickles would take for ever.
    async with (
        asyncio.timeout(webhook.timeout_seconds),
        httpx.AsyncClient(timeout=webhook.timeout_seconds, follow_redirects=False) as client,
        client.stream(
            "POST",
            webhook.url,
            content=content,
            headers={"content-type": "application/json"},
        ) as answer,
    ):
        # The answer's body is nobody's business, and may have no end.
        if not answer.is_success:
            raise RefusedError(_shown(webhook.url), answer.status_code)
        return answer.status_code


def _shown(url: str) -> str:
    """Return *url* without credentials and query."""
    parsed = httpx.URL(url)
    port = f":{parsed.port}" if parsed.port is not None else ""
    return f"{parsed.scheme}://{parsed.host}{port}{parsed.path}"


def _delivery(
    message: Message, address: str, byte_count: int, status_code: int | None = None
) -> Delivery:
    return Delivery(
        headline=f"delivered to {address}: {message.subject}",
        delivered_to=address,
        byte_count=byte_count,
        status_code=status_code,
    )
