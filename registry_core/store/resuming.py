"""What a run was decided on, in a form that another process can compare before it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from registry_core.definitions.schema import JsonValue
from registry_core.errors import NameLookupError, PipelineError, ResumeError
from registry_core.pipeline.lock import agents_of, digest_of, locked_agent
from registry_core.pipeline.pipeline import Pipeline
from registry_core.results.durable import EarlierRun, RunHead
from registry_core.schemas.codec import dump_any
from registry_core.store.keeping import KeptRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from registry_core.pipeline.binding import Known
    from registry_core.store.store import Store

__all__ = ["Resumption", "head_of_run", "plan_digest", "resume"]

_PIPELINE = "pipeline"


@dataclass(frozen=True, slots=True)
class Resumption:
    """All that an engine needs to go on with a run.

    Attributes:
        keeper: Keeps what happens from now on; the run is ours until it is released.
        earlier: What is over.
        pipeline: Bound, as it was when the run began.
        values: The caller's values as JSON, by name of the pipeline's inputs.
    """

    keeper: KeptRun
    earlier: EarlierRun
    pipeline: Pipeline
    values: Mapping[str, JsonValue]


def head_of_run(
    pipeline: Pipeline,
    values: Mapping[str, object],
    known: Known,
    *,
    run_id: str,
    started_at: str,
    metadata: Mapping[str, str],
) -> RunHead:
    """Return what has to be kept of a run before it begins.

    Args:
        pipeline: Bound.
        values: What the caller gives, by name of the pipeline's inputs.
        known: The catalog.
        run_id: The run.
        started_at: UTC in ISO 8601.
        metadata: The caller's facts.

    Raises:
        DefinitionError: If a value has no JSON form, so that no other process could have it.
    """
    return RunHead(
        run_id=run_id,
        pipeline=pipeline.name,
        document=pipeline.to_json(),
        digest=plan_digest(pipeline, known),
        inputs={name: dump_any(value) for name, value in values.items()},
        started_at=started_at,
        metadata=metadata,
    )


def plan_digest(pipeline: Pipeline, known: Known) -> str:
    """Return the digest of *pipeline*, and one of what each of its agents declares.

    Each stands under its name, so that a difference can be told and not only noticed.
    """
    digests = {_PIPELINE: digest_of(pipeline)}
    for agent in agents_of(pipeline):
        try:
            digests[agent] = locked_agent(known.definition(agent)).definition
        except NameLookupError:
            digests[agent] = ""
    return json.dumps(digests, sort_keys=True)


def resume(
    store: Store,
    run_id: str,
    known: Known,
    *,
    retry_in_doubt: bool = False,
    accept_drift: bool = False,
) -> Resumption:
    """Return what is needed to go on with a run, which is this process's from now on.

    Args:
        store: Where it is kept.
        run_id: The run.
        known: The catalog of what is installed now.
        retry_in_doubt: Whether to run stages again that may have had their effect already.
        accept_drift: Whether to go on although what the run was decided on has changed.

    Raises:
        UnknownNameError: If there is no such run.
        ResumeError: If it is not to go on, and why.
        StoreError: If the store cannot be used.
    """
    keeper, earlier = store.reopen(run_id)
    try:
        pipeline = _pipeline(earlier)
        if not accept_drift:
            _refuse_drift(earlier, pipeline, known)
        if not retry_in_doubt:
            _refuse_doubt(earlier, pipeline, known)
        values = {
            name: cast("JsonValue", json.loads(content))
            for name, content in earlier.head.inputs.items()
        }
    except BaseException:
        keeper.release()
        raise
    return Resumption(keeper, earlier, pipeline, values)


def _pipeline(earlier: EarlierRun) -> Pipeline:
    try:
        return Pipeline.from_json(earlier.head.document)
    except PipelineError as error:
        raise ResumeError(earlier.head.run_id, "changed", f"cannot be read: {error}") from error


def _refuse_drift(earlier: EarlierRun, pipeline: Pipeline, known: Known) -> None:
    was: dict[str, str] = json.loads(earlier.head.digest)
    now: dict[str, str] = json.loads(plan_digest(pipeline, known))
    changed = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
    if not changed:
        return
    # The first stage that it concerns; without one, the pipeline's own text is not the same.
    steps = enumerate(pipeline.stages, start=1)
    place = next(
        (f"step {n} ({stage.id}: {stage.agent})" for n, stage in steps if stage.agent in changed),
        ", ".join(sorted(changed)),
    )
    run_id = earlier.head.run_id
    hint = f"go on anyway: agentreg resume {run_id} --accept-drift"
    raise ResumeError(run_id, "changed", f"cannot go on: plan changed at {place}; {hint}")


def _refuse_doubt(earlier: EarlierRun, pipeline: Pipeline, known: Known) -> None:
    doubtful = list(_doubtful(earlier, pipeline, known))
    if doubtful:
        run_id = earlier.head.run_id
        hint = f"run them again: agentreg resume {run_id} --retry-in-doubt"
        reason = f"was cut in {', '.join(doubtful)}, which may have had their effect; {hint}"
        raise ResumeError(run_id, "in_doubt", reason)


def _doubtful(earlier: EarlierRun, pipeline: Pipeline, known: Known) -> Iterator[str]:
    """Yield the stages that were cut and whose agent does not say that twice does no harm."""
    for stage in pipeline.stages:
        if stage.id not in earlier.in_doubt:
            continue
        fallback = stage.policy.fallback if stage.policy else None
        tried = (stage.agent, fallback) if fallback else (stage.agent,)
        try:
            harmless = all(known.definition(agent).idempotent for agent in tried)
        except NameLookupError:
            harmless = False
        if not harmless:
            yield stage.id
