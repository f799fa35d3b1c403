"""Runs as rows, and back: every row carries a digest of itself, so a flipped bit is noticed.

Values are JSON. A long output is kept under its own digest, so a document that goes through ten
stages unchanged is there once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from registry_core.results.outcomes import ErrorRecord, StageRecord
from registry_core.results.run import RunStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.results.durable import RunHead, StageDone
    from registry_core.store.writer import Change, Row

__all__ = [
    "RUN_COLUMNS",
    "Contents",
    "DamagedRowError",
    "RunRow",
    "Step",
    "add_run",
    "add_step",
    "content_digest",
    "read_run",
    "read_step",
    "set_run",
]

_INLINE_BYTES = 2048

_ADD_BLOB = "INSERT OR IGNORE INTO blobs VALUES (?, ?)"
RUN_COLUMNS = (
    "run_id, pipeline, status, started_at, seconds, error, digest, document, inputs, metadata, seal"
)
_ADD_RUN = (
    f"INSERT INTO runs ({RUN_COLUMNS}, first) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"  # noqa: S608 -- ours
    " (SELECT ifnull(max(id), 0) + 1 FROM steps))"
)
_SET_RUN = (
    "UPDATE runs SET status = ?, seconds = ?, error = ?, seal = ?, last ="
    " CASE ? WHEN 'running' THEN NULL ELSE (SELECT max(id) FROM steps) END WHERE run_id = ?"
)
_ADD_STEP = (
    "INSERT INTO steps (run, stage, record, output, blob, starting, seal)"
    " VALUES ((SELECT number FROM runs WHERE run_id = ?), ?, ?, ?, ?, ?, ?)"
)

_RECORD = TypeAdapter(StageRecord)
_dump_record = _RECORD.serializer.to_json
_ERROR = TypeAdapter(ErrorRecord)
_NAMES = TypeAdapter(dict[str, str])
_STATUS: TypeAdapter[RunStatus] = TypeAdapter(RunStatus)


class DamagedRowError(Exception):
    """A row is not what was written. Stays inside the store."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Under which digests the long values of a run are kept.

    Attributes:
        document: The pipeline's text.
        inputs: Each input's JSON, by name.
    """

    document: str
    inputs: dict[str, str]


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as its row has it.

    Attributes:
        status: ``running`` also of a run that was cut.
        digest: Of what the run was decided on.
    """

    run_id: str
    pipeline: str
    status: RunStatus
    started_at: str
    seconds: float | None
    error: ErrorRecord | None
    digest: str
    contents: Contents
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """What one commit of a run says.

    Attributes:
        done: The stage that is over, or None.
        output: Its output as JSON, unless that is in *blob* or it left none.
        blob: Digest of its output.
        starting: Ids of the stages that begin.
    """

    done: StageRecord | None
    output: bytes | None
    blob: str | None
    starting: tuple[str, ...]


def content_digest(content: bytes) -> str:
    """Return what *content* is kept under."""
    return sha256(content).hexdigest()


def add_run(head: RunHead) -> tuple[Change, RunRow]:
    """Return what keeps that a run began, and its row."""
    document = head.document.encode()
    contents = {content_digest(content): content for content in (document, *head.inputs.values())}
    row = RunRow(
        run_id=head.run_id,
        pipeline=head.pipeline,
        status="running",
        started_at=head.started_at,
        seconds=None,
        error=None,
        digest=head.digest,
        contents=Contents(
            content_digest(document),
            {name: content_digest(content) for name, content in head.inputs.items()},
        ),
        metadata=dict(head.metadata),
    )
    columns = _columns(row)
    blobs = tuple((_ADD_BLOB, blob) for blob in contents.items())
    return (*blobs, (_ADD_RUN, (*columns, _seal(columns)))), row


def set_run(row: RunRow) -> Change:
    """Return what keeps the status, the seconds and the error of *row*, after its last step."""
    columns = _columns(row)
    values = (row.status, row.seconds, columns[5], _seal(columns), row.status, row.run_id)
    return ((_SET_RUN, values),)


def add_step(run_id: str, done: StageDone | None, starting: Iterable[str]) -> Change:
    """Return what keeps that a stage is over and that others begin."""
    stage = record = output = blob = None
    change: Change = ()
    if done is not None:
        stage, record, output = done.record.stage_id, _dump_record(done.record), done.output
        if output is not None and len(output) > _INLINE_BYTES:
            blob = content_digest(output)
            change = ((_ADD_BLOB, (blob, output)),)
            output = None
    columns: Row = (run_id, stage, record, output, blob, " ".join(starting))
    return (*change, (_ADD_STEP, (*columns, _seal(columns))))


def read_run(columns: tuple[str | bytes | float | None, ...]) -> RunRow:
    """Return the run that a row of the table holds.

    Raises:
        DamagedRowError: If the row is not what was written.
    """
    run_id, pipeline, status, started, seconds, error, digest, document, inputs, metadata = (
        _unsealed(columns)
    )
    try:
        return RunRow(
            run_id=str(run_id),
            pipeline=str(pipeline),
            status=_STATUS.validate_python(status),
            started_at=str(started),
            seconds=None if seconds is None else float(seconds),
            error=None if error is None else _ERROR.validate_json(str(error)),
            digest=str(digest),
            contents=Contents(str(document), _NAMES.validate_json(str(inputs))),
            metadata=_NAMES.validate_json(str(metadata)),
        )
    except (ValidationError, ValueError) as fault:
        raise DamagedRowError from fault


def read_step(columns: tuple[str | bytes | float | None, ...]) -> Step:
    """Return the step that a row of the table holds, without its number.

    Raises:
        DamagedRowError: If the row is not what was written.
    """
    _, _, record, output, blob, starting = _unsealed(columns)
    try:
        return Step(
            done=_RECORD.validate_json(record) if isinstance(record, bytes) else None,
            output=output if isinstance(output, bytes) else None,
            blob=blob if isinstance(blob, str) else None,
            starting=tuple(str(starting).split()),
        )
    except ValidationError as fault:
        raise DamagedRowError from fault


def _columns(row: RunRow) -> Row:
    return (
        row.run_id,
        row.pipeline,
        row.status,
        row.started_at,
        row.seconds,
        None if row.error is None else _ERROR.dump_json(row.error).decode(),
        row.digest,
        row.contents.document,
        json.dumps(row.contents.inputs),
        json.dumps(row.metadata),
    )


def _seal(columns: Row) -> bytes:
    pieces = [one if type(one) is bytes else str(one).encode() for one in columns]
    return blake2b(b"\0".join(pieces), digest_size=16).digest()


def _unsealed(columns: Row) -> Row:
    *content, seal = columns
    if seal != _seal(tuple(content)):
        raise DamagedRowError
    return tuple(content)
