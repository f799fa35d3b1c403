"""Messages are delivered, to real files and to a real server on the loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import httpx
import pytest
from base_agents import Delivery, FileDestination, Message, Outcome, WebhookDestination
from base_agents.delivery import (
    OUTBOX,
    RefusedError,
    deliver,
    deliver_outcome,
    outcome_to_message,
)
from pydantic import ValidationError

from registry_core import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import JsonValue


class _Hook(BaseHTTPRequestHandler):
    """Takes what is posted, and answers as its path says."""

    received: ClassVar[list[tuple[str, str, JsonValue]]]
    released: ClassVar[threading.Event]

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.path, self.headers["content-type"], json.loads(body)))
        match self.path.partition("?")[0]:
            case "/refuse":
                self.send_response(503)
            case "/elsewhere":
                self.send_response(307)
                self.send_header("location", "/hook")
            case "/silent":
                self.released.wait(30)
                return
            case "/endless":
                self.send_response(200)
                self.end_headers()
                self.released.wait(30)
                return
            case _:
                self.send_response(202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name there
        """Print nothing."""


class Webhook:
    """A server on the loopback.

    Attributes:
        address: Where it is, without a path.
        received: Path, media type and content of each post.
    """

    def __init__(self) -> None:
        """Open it, at a port that is free."""
        self.received: list[tuple[str, str, JsonValue]] = []
        self.released = threading.Event()
        hook = type("Hook", (_Hook,), {"received": self.received, "released": self.released})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), hook)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let everybody go."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """A server that no proxy stands before."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Webhook()
    yield server
    server.close()


def sent(body: JsonValue, destination: FileDestination | WebhookDestination) -> Delivery:
    """Return what became of a message on fruit."""
    return asyncio.run(deliver(Message(subject="Fruit", body=body, destination=destination)))


class TestFiles:
    @pytest.mark.requirement("R88")
    def test_a_text_is_written_as_it_is_and_all_else_as_json(self, tmp_path: Path) -> None:
        """A report is read by people, a table by programs."""
        text, table = tmp_path / "new" / "report.md", tmp_path / "table.json"

        delivery = sent("# Fr\u00fcchte", FileDestination(path=str(text)))
        sent([{"b": 1, "a": None}], FileDestination(path=str(table)))

        assert text.read_bytes() == "# Fr\u00fcchte\n".encode()
        assert table.read_text(encoding="utf-8") == '[{"a": null, "b": 1}]\n'
        assert delivery.headline == f"delivered to {text}: Fruit"
        assert (delivery.byte_count, delivery.status_code) == (11, None)

    def test_a_file_that_is_there_is_left_alone_unless_told(self, tmp_path: Path) -> None:
        """What is overwritten is gone."""
        file = tmp_path / "letter.txt"
        file.write_text("dear", encoding="utf-8")

        with pytest.raises(FileExistsError):
            sent("gone", FileDestination(path=str(file)))

        assert file.read_text(encoding="utf-8") == "dear"

    def test_a_line_can_be_added_and_a_file_replaced(self, tmp_path: Path) -> None:
        """Logs grow, pages change."""
        log, page = tmp_path / "log", tmp_path / "page"

        for body in ("one", "two"):
            sent(body, FileDestination(path=str(log), existing="append"))
            sent(body, FileDestination(path=str(page), existing="replace"))

        assert (log.read_text("utf-8"), page.read_text("utf-8")) == ("one\ntwo\n", "two\n")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "page"]


class TestWebhooks:
    @pytest.mark.requirement("R88")
    def test_subject_and_body_are_posted_once_as_json(self, webhook: Webhook) -> None:
        """That is what every chat and every automation takes."""
        address = f"{webhook.address}/hook?token=secret"

        delivery = sent({"fig": "\u00e9"}, WebhookDestination(url=address))

        assert webhook.received == [
            (
                "/hook?token=secret",
                "application/json",
                {"subject": "Fruit", "body": {"fig": "\u00e9"}},
            )
        ]
        assert delivery.status_code == 202
        assert delivery.delivered_to == f"{webhook.address}/hook"

    @pytest.mark.parametrize(("path", "status_code"), [("/refuse", 503), ("/elsewhere", 307)])
    def test_what_is_no_success_is_a_failure_and_is_not_tried_again(
        self, webhook: Webhook, path: str, status_code: int
    ) -> None:
        """A redirect could lead to any host, with the message."""
        with pytest.raises(RefusedError) as refused:
            sent("body", WebhookDestination(url=f"{webhook.address}{path}?token=secret"))

        assert refused.value.status_code == status_code
        assert len(webhook.received) == 1
        assert "secret" not in str(refused.value)

    def test_a_server_that_never_answers_is_given_up(self, webhook: Webhook) -> None:
        """One silent receiver must not hold up a batch."""
        silent = WebhookDestination(url=f"{webhook.address}/silent", timeout_seconds=0.2)

        with pytest.raises((TimeoutError, httpx.TimeoutException)):
            sent("body", silent)

    def test_an_answer_without_end_is_not_waited_for(self, webhook: Webhook) -> None:
        """The status says everything."""
        delivery = sent("body", WebhookDestination(url=f"{webhook.address}/endless"))

        assert delivery.status_code == 200

    def test_nobody_there_is_a_failure(self, webhook: Webhook) -> None:
        """A delivery that goes nowhere must not look like one."""
        gone = WebhookDestination(url=webhook.address)
        webhook.close()

        with pytest.raises(httpx.ConnectError):
            sent("body", gone)

    def test_credentials_in_an_address_are_shown_to_nobody(self, webhook: Webhook) -> None:
        """Headlines end up in reports."""
        address = webhook.address.replace("//", "//user:secret@")

        delivery = sent("body", WebhookDestination(url=address))

        assert "secret" not in delivery.model_dump_json()

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a.example", "http://a b", "a"])
    def test_what_is_no_web_address_is_refused_before_anything_is_sent(self, url: str) -> None:
        """An address often comes from a file that somebody wrote by hand."""
        with pytest.raises(ValidationError, match="url"):
            WebhookDestination(url=url)


class TestOutcomes:
    def test_an_outcome_is_a_line_of_the_outbox_unless_told(
        self, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somewhere near at hand that overwrites nothing."""
        monkeypatch.chdir(tmp_path)

        for _ in range(2):
            asyncio.run(deliver_outcome(outcome))

        lines = (tmp_path / OUTBOX.path).read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == [outcome.model_dump(mode="json")] * 2

    def test_a_follow_up_is_the_converter_and_the_agent_in_one(
        self, outcome: Outcome, tmp_path: Path
    ) -> None:
        """Whether a plan has one stage or two must not change what comes out."""
        file = FileDestination(path=str(tmp_path / "file"), existing="replace")

        delivery = asyncio.run(deliver_outcome(outcome, file))

        assert delivery == asyncio.run(deliver(outcome_to_message(outcome, file)))

    @pytest.mark.requirement("R88")
    def test_the_destination_can_be_given_to_the_plan(self, tmp_path: Path) -> None:
        """Where something goes is known to the caller, and not to the agent before."""
        registry = Registry.discover()
        plan = registry.plan(have=["TaskInput", "FileDestination"], want=["Delivery"])
        file = tmp_path / "count.json"

        result = registry.run_sync(
            plan, {"instruction": "count", "payload": [1, 2]}, {"path": str(file)}
        )

        result.raise_for_status()
        assert json.loads(file.read_text(encoding="utf-8"))["result"] == 2
