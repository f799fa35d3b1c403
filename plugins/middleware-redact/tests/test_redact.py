"""No secret gets past an attempt."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from middleware_redact.logs import RedactingFilter
from middleware_redact.redact import redact
from middleware_redact.secrets import Redaction
from pydantic import BaseModel, Field

from registry_core import Pipeline, Registry, agent

if TYPE_CHECKING:
    from pathlib import Path

    from registry_core import Event, RunResult

CANARY = "CANARY-4f1d"
PIN = "7319"
SEEN: list[str] = []


class Account(BaseModel):
    """What an agent may find."""

    user: str
    password: str
    note: str = ""


class Door(BaseModel):
    """What has no room for anything but a secret."""

    passphrase: str = Field(max_length=4)


@agent()
async def find(user: str) -> Account:
    """Find an account."""
    return Account(user=user, password=CANARY, note=f"{CANARY} works")


@agent()
async def read(account: Account) -> str:
    """Say what is known of an account."""
    SEEN.append(account.model_dump_json())
    return account.note


@agent()
async def fail(user: str) -> str:
    """Fail, and say too much."""
    error = OSError(f"{user} may not use {CANARY}")
    error.add_note(f"tried {CANARY}")
    raise error from ExceptionGroup("both", [ValueError(CANARY), KeyError(CANARY)])


class TalkativeError(Exception):
    """An exception whose text is not in its arguments."""

    def __str__(self) -> str:
        """Say too much."""
        return f"no entry with {CANARY}"


@agent()
async def babble(user: str) -> str:
    """Fail in a way that cannot be mended."""
    raise TalkativeError(user)


@agent(idempotent=True)
async def lock(user: str) -> Door:
    """Return a secret in a shape that nothing else has."""
    del user
    return Door.model_validate({"passphrase": PIN})


@agent()
async def greet(user: str) -> str:
    """Return nothing that is secret."""
    return f"hello {user}"


@pytest.fixture(autouse=True)
def canary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have a secret in the environment, and nothing of the user's own."""
    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("CANARY_TOKEN", CANARY)
    SEEN.clear()


def run(what: Pipeline | object, value: object) -> tuple[RunResult, str]:
    """Return the result, and everything that could be written down of it."""
    events: list[Event] = []
    result = (
        Registry()
        .with_agents(find, read, fail, babble, lock, greet)
        .run_sync(
            what,  # type: ignore[arg-type]
            value,
            middleware=[redact],
            observers=[events.append],
        )
    )
    written = json.dumps([asdict(event) for event in events], default=str)
    return result, written + repr(result)


class TestOutputs:
    @pytest.mark.fault("F94")
    def test_no_secret_reaches_the_next_stage_or_the_result(self) -> None:
        """Whoever reads reports must not be able to log in."""
        result, written = run(Pipeline("p").stage("find").stage("read"), "ann")

        assert result.output == "[redacted] works"
        assert json.loads(SEEN[0]) == {
            "user": "ann",
            "password": "[redacted]",
            "note": "[redacted] works",
        }
        assert CANARY not in written

    def test_an_output_without_secrets_is_handed_on_as_it_is(self) -> None:
        """Most outputs hold none, and must not be rebuilt for it."""
        result, _ = run(greet, "ann")

        assert result.output == "hello ann"
        assert result.stages[0].answered_by == ""

    def test_it_is_found_by_its_name(self) -> None:
        """Settings name it, and then nobody has to import it."""
        result = Registry.discover().run_sync(
            greet, "AKIAABCDEFGHIJKLMNOP", middleware=["middleware-redact/redact"]
        )

        assert result.output == "hello [redacted]"


class TestFailures:
    @pytest.mark.fault("F94")
    @pytest.mark.requirement("R104")
    @pytest.mark.parametrize(
        ("what", "kind", "message"),
        [
            (fail, "OSError", "ann may not use [redacted]"),
            (babble, "middleware_redact.redact.RedactedError", "TalkativeError, whose text held"),
        ],
    )
    def test_no_secret_is_in_the_record_of_a_failure(
        self, what: object, kind: str, message: str
    ) -> None:
        """Records are kept for years, and mailed to whoever is on call."""
        result, written = run(what, "ann")

        error = result.stages[0].attempts[0].error
        assert error is not None
        assert error.type == kind
        assert error.message.startswith(message)
        assert CANARY not in written

    def test_what_has_no_room_without_its_secret_is_refused(self) -> None:
        """A secret that cannot be taken out must not go on either."""
        result, written = run(lock, "ann")

        (attempt,) = result.stages[0].attempts
        assert attempt.error is not None
        assert attempt.error.type == "middleware_redact.redact.RedactionError"
        assert "no longer of its type" in attempt.error.message
        assert PIN not in written


class TestLogs:
    @pytest.mark.fault("F94")
    def test_no_secret_is_in_a_log_line_or_its_traceback(self) -> None:
        """A crash report is the usual way out."""
        lines: list[str] = []

        class _Lines(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                lines.append(self.format(record))

        handler = _Lines()
        handler.addFilter(RedactingFilter(Redaction.of({"CANARY_TOKEN": CANARY})))
        log = logging.getLogger("middleware_redact.tests")
        log.addHandler(handler)
        log.error("it was %s", CANARY, exc_info=OSError(CANARY), stack_info=True)
        log.removeHandler(handler)

        assert "it was [redacted]" in lines[0]
        assert "OSError: [redacted]" in lines[0]
        assert CANARY not in lines[0]

    def test_a_line_with_wrong_arguments_is_no_way_out(self) -> None:
        """Logging would print them to standard error."""
        record = logging.makeLogRecord({"msg": "%d", "args": (CANARY,)})

        RedactingFilter(Redaction()).filter(record)

        assert record.getMessage() == "%d (its arguments do not fit)"
