"""Every exception this package raises on purpose.

    RegistryError
    ├── InvalidNameError            a name does not follow the grammar
    ├── ConfigError                 settings cannot be used; nothing was run
    ├── DefinitionError             a declaration by a plugin or by code is wrong
    │   └── ManifestError           … and it stands in a manifest
    ├── NameLookupError             a name does not lead to one thing
    │   ├── UnknownNameError        nothing has the name
    │   ├── AmbiguousNameError      several things have it
    │   └── DuplicateAgentError     the id is taken
    ├── AgentLoadError              an agent's code could not be brought in
    ├── NoPlanError                 no pipeline leads from what is had to what is wanted
    ├── PipelineError               a pipeline is not valid; all faults at once
    │   └── SchemaMismatchError     … and the only fault is an edge that does not fit
    ├── DriftError                  what a frozen pipeline was locked to is not what is here
    ├── AttemptError                an attempt did not succeed; middleware meets it
    │   ├── AttemptTimeoutError     its time was up
    │   ├── RunTimeUpError          the time of the whole run was up
    │   ├── InvalidInputError       a value is not what the agent takes
    │   ├── InvalidOutputError      a value is not what the agent says it gives
    │   ├── AgentExitError          the agent raised what would end its host
    │   ├── AdmissionError          the agent was not called: left alone, or there was no room
    │   ├── StuckThreadsError       too many calls never came back
    │   ├── WorkerError             the process of an isolated agent died of the call
    │   └── ProceedError            a middleware called ``proceed`` wrongly
    ├── StoreError                  what runs leave behind cannot be kept or read
    ├── ResumeError                 a run cannot go on from where it stopped
    └── RunError                    a run did not succeed; carries the result
        ├── StageFailedError
        ├── RunTimeoutError
        └── RunCancelledError

The class stores the facts as attributes and derives the text from them: what was
asked, what stopped it, and what to type next. Imports nothing of this package.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__: list[str] = ["AdmissionError", "AgentExitError", "AgentLoadError", "AmbiguousNameError"]
__all__ += ["AttemptError", "AttemptTimeoutError", "ConfigError", "DefinitionError", "DriftError"]
__all__ += ["DuplicateAgentError", "Fault", "InvalidInputError", "InvalidNameError"]
__all__ += ["InvalidOutputError", "ManifestError", "NameLookupError", "NoPlanError"]
__all__ += ["PipelineError", "ProceedError", "RegistryError", "ResumeError", "RunCancelledError"]
__all__ += ["RunError", "RunTimeUpError", "RunTimeoutError", "SchemaMismatchError"]
__all__ += ["StageFailedError", "StoreError", "StuckThreadsError", "UnknownNameError"]
__all__ += ["WorkerError"]


class Fault:
    """One thing that is wrong, and where: a dotted *path* and a short *message*.

    >>> str(Fault("agents[2].cost", "must not be negative"))
    'agents[2].cost: must not be negative'
    """

    __slots__ = ("message", "path")

    def __init__(self, path: str, message: str) -> None:
        """Keep both facts."""
        self.path = path
        self.message = message

    def __str__(self) -> str:
        """Path first, so that a column of faults reads as a list of places."""
        return f"{self.path}: {self.message}" if self.path else self.message

    def __repr__(self) -> str:
        """As it is written in code."""
        return f"Fault({self.path!r}, {self.message!r})"

    def __eq__(self, other: object) -> bool:
        """Equal place and message."""
        return isinstance(other, Fault) and (self.path, self.message) == (other.path, other.message)

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.path, self.message))


class RegistryError(Exception):
    """Root of the tree: catch this to catch everything raised on purpose."""


class InvalidNameError(RegistryError, ValueError):
    """A name does not follow the grammar of its kind."""

    def __init__(self, kind: str, given: str, expected: str) -> None:
        """Keep the *kind* of name, the text *given* (shown escaped) and the form *expected*."""
        self.kind = kind
        self.given = given
        self.expected = expected
        super().__init__(f"{given!a} is not a valid {kind}: expected {expected}")


class _FaultsError(RegistryError):
    """A subject with all its faults."""

    lead = "{subject} is not valid"

    def __init__(self, subject: str, faults: Iterable[Fault]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        super().__init__(subject, self.faults)

    def __str__(self) -> str:
        lead = self.lead.format(subject=self.subject)
        if len(self.faults) == 1:
            return f"{lead}: {self.faults[0]}"
        return "\n  ".join((f"{lead}, {len(self.faults)} faults:", *map(str, self.faults)))


class ConfigError(_FaultsError):
    """Settings cannot be used as they stand; nothing was run and nothing was changed."""

    lead = "configuration {subject} cannot be used"


class DefinitionError(_FaultsError):
    """A declaration is wrong; every fault is listed with its path."""

    lead = "definition of {subject} is not valid"


class ManifestError(DefinitionError):
    """A manifest cannot be read as one."""

    lead = "manifest {subject} is not valid"


class NameLookupError(RegistryError, LookupError):
    """A name does not lead to exactly one thing."""


class UnknownNameError(NameLookupError):
    """Nothing has the name."""

    def __init__(self, kind: str, name: str, close: Iterable[str] = ()) -> None:
        """Keep the *kind* (``agent``, ``schema`` …), the *name* and the *close* ones that exist."""
        self.kind = kind
        self.name = name
        self.close = tuple(close)
        super().__init__(kind, name, self.close)

    def __str__(self) -> str:
        """Offer the near ones, else the command that lists all."""
        listings = {"run": "runs", "agent": "agents", "capability": "agents", "schema": "agents"}
        listing = f"agentreg {listings.get(self.kind, 'plugins')}"
        hint = f"did you mean {' or '.join(self.close)}?" if self.close else f"list them: {listing}"
        return f"no {self.kind} is named {self.name!a}: {hint}"


class AmbiguousNameError(NameLookupError):
    """Several things have the name; install order never decides."""

    def __init__(self, kind: str, name: str, owners: Iterable[str]) -> None:
        """Keep the full names of all *owners*."""
        self.kind = kind
        self.name = name
        self.owners = tuple(owners)
        super().__init__(kind, name, self.owners)

    def __str__(self) -> str:
        """Name every owner and show the pin that decides."""
        pin = ""
        if self.kind == "agent":
            pin = f', or pin one in agentreg.toml: [pins] {self.name} = "{self.owners[0]}"'
        owners = f"{len(self.owners)} owners: {', '.join(self.owners)}"
        return f"{self.kind} {self.name!r} has {owners}. Write the full name{pin}"


class DuplicateAgentError(NameLookupError):
    """The id is taken, and replacing was not asked for."""

    def __init__(self, agent: str) -> None:
        """Keep the id."""
        self.agent = agent
        super().__init__(f"agent {agent} is registered already: pass replacing=True to replace it")


class AgentLoadError(RegistryError):
    """An agent's code could not be brought in; ``__cause__`` holds what its plugin raised."""

    def __init__(self, agent: str, step: str, reason: str, hint: str = "") -> None:
        """Keep the *agent*, the *step* (``trust``, ``import``, ``attribute``, ``create`` …)."""
        self.agent = agent
        self.step = step
        self.reason = reason
        self.hint = hint
        advice = hint or f"look closer: agentreg show {agent}"
        super().__init__(f"agent {agent} cannot be loaded ({step}): {reason}. {advice}")


class NoPlanError(RegistryError):
    """No pipeline leads from what is had to what is wanted."""

    def __init__(
        self,
        *,
        have: Iterable[str],
        want: Iterable[str],
        reached: Iterable[str] = (),
        missing: Iterable[str] = (),
        near: Iterable[str] = (),
        reason: str = "",
    ) -> None:
        """Keep the goal as names, and how far the search got: what can be *reached*, sorted.

        What is *missing*, nothing reachable provides; *near* has a line for each thing that would
        nearly do; *reason* is another than a missing schema.
        """
        self.have = tuple(have)
        self.want = tuple(want)
        self.reached = tuple(reached)
        self.missing = tuple(missing)
        self.near = tuple(near)
        self.reason = reason
        super().__init__(self.have, self.want, self.reached, self.missing)

    def __str__(self) -> str:
        """What was asked, how far it got, what is missing, what to type next."""
        goal = f"no pipeline from {' + '.join(self.have) or 'nothing'} to {' + '.join(self.want)}"
        lines = [f"{goal}: {self.reason}" if self.reason else goal]
        if self.missing:
            lines.append(f"missing: {', '.join(self.missing)}")
        if self.reached:
            lines.append(f"reached: {', '.join(self.reached)}")
        lines.extend(f"near: {line}" for line in self.near)
        advice = "install a plugin that offers it, or " if self.missing else ""
        lines.append(f"{advice}see what there is: agentreg agents")
        return "\n  ".join(lines)


class PipelineError(_FaultsError, ValueError):
    """A pipeline is not valid; all faults are listed, each with the stage it sits in."""

    lead = "pipeline {subject} is not valid"


class SchemaMismatchError(PipelineError):
    """Not all values that one side of an edge gives can be taken by the other."""

    def __init__(
        self,
        subject: str,
        path: str,
        *,
        producer: str,
        consumer: str,
        pointer: str,
        reason: str,
        witness: object,
    ) -> None:
        """Keep the pipeline, the *path* in it where the value is taken, and both schemas.

        Of *witness*, a JSON value that the one gives and the other refuses, *pointer* is the JSON
        pointer to the part that is refused, and *reason* what the consumer asks for there.
        """
        self.path = path
        self.producer = producer
        self.consumer = consumer
        self.pointer = pointer
        self.reason = reason
        self.witness = witness
        text = f"{producer} does not fit {consumer}: {reason}{pointer and f' at {pointer}'}"
        super().__init__(subject, [Fault(path, text)])


class DriftError(_FaultsError):
    """A frozen pipeline is not run: something is not what it was locked to; all at once."""

    lead = "{subject} is not as locked (see: agentreg diff {subject})"


class AttemptError(RegistryError):
    """An attempt did not succeed for a reason of the host's; records hold it as text."""


class _TimeUpError(AttemptError, TimeoutError):
    lead = "no answer within {:g} s"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(self.lead.format(seconds))


class AttemptTimeoutError(_TimeUpError):
    """The time of one attempt was up; ``__cause__`` is what the agent answered to that."""


class RunTimeUpError(_TimeUpError):
    """The time of the whole run was up; no policy goes on after it."""

    lead = "the run's {:g} s were up"


class _MisfitError(AttemptError, TypeError):
    def __init__(self, subject: str, faults: Iterable[Fault]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        super().__init__(f"{subject}: {'; '.join(map(str, self.faults))}")


class InvalidInputError(_MisfitError):
    """A value does not fit what the agent takes; a ``TypeError``, so it is not retried."""


class InvalidOutputError(_MisfitError):
    """A value does not fit what the agent says it gives; a ``TypeError`` as well."""


class AgentExitError(AttemptError):
    """An agent raised what would end its host, as ``SystemExit`` does; ``__cause__`` is that."""


class AdmissionError(AttemptError):
    """No agent was called; *reason*: ``open``, ``capacity``, ``queue_timeout`` or ``rate``."""

    def __init__(
        self, agent: str, reason: str, waited_seconds: float = 0.0, retry_after_seconds: float = 0.0
    ) -> None:
        """Keep which one, why, how long it waited, and the least pause before a retry."""
        self.agent = agent
        self.reason = reason
        self.waited_seconds = waited_seconds
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"agent {agent} was not called after {waited_seconds:.3g} s: {reason}")


class StuckThreadsError(AttemptError):
    """Too many calls have never come back; nothing was called."""

    def __init__(self, agents: Iterable[str]) -> None:
        """Keep whose calls they are, each once: one of them has to be mended."""
        self.agents = tuple(agents)
        super().__init__(f"too many synchronous calls never came back, of {', '.join(self.agents)}")


class WorkerError(AttemptError):
    """The process of an isolated agent died of a call, or broke the protocol."""

    def __init__(self, agent: str, reason: str) -> None:
        """Keep the *agent* and the *reason*, such as ``died: SIGSEGV``."""
        self.agent = agent
        self.reason = reason
        super().__init__(f"worker {reason}")


class ProceedError(AttemptError, RuntimeError):
    """A middleware used ``proceed`` in a way that the protocol does not have."""


class RunError(RegistryError):
    """A run did not succeed; raised only by ``RunResult.raise_for_status()``."""

    def __init__(self, run_id: str, stage_id: str, reason: str, result: object) -> None:
        """Keep the run, the stage that decided it, or none, and all there is of the *result*."""
        self.run_id = run_id
        self.stage_id = stage_id
        self.reason = reason
        self.result = result
        stage = f" at stage {stage_id!r}" if stage_id else ""
        super().__init__(f"run {run_id}{stage}: {reason}")


class StageFailedError(RunError):
    """A stage failed and its policy was to stop."""


class RunTimeoutError(RunError):
    """The run's deadline passed."""


class RunCancelledError(RunError):
    """The caller cancelled the run."""


class StoreError(RegistryError):
    """What runs leave behind cannot be kept or read; nothing runs that is not kept."""

    def __init__(self, place: str, reason: str) -> None:
        """Keep the *place*, a file or a folder, and the *reason*."""
        self.place = place
        self.reason = reason
        super().__init__(f"storage failed: {place}: {reason}")


class ResumeError(RegistryError):
    """A run cannot go on; *code*: ``ended``, ``owned``, ``changed``, ``in_doubt``, ``damaged``."""

    def __init__(self, run_id: str, code: str, reason: str) -> None:
        """Keep the run, the *code* for programs, and the *reason* with what to type next."""
        self.run_id = run_id
        self.code = code
        self.reason = reason
        super().__init__(f"run {run_id} {reason}")
