"""Whether the code of plugins can be imported: tried in child processes, on request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from registry_core.discovery.probe import Probed, probe

if TYPE_CHECKING:
    from registry_core.discovery.report import PluginRecord

__all__ = ["ImportCheck", "check_imports"]

Prober: TypeAlias = Callable[[str], Probed]
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class ImportCheck:
    """What became of importing one plugin.

    Attributes:
        plugin: Its full name.
        code: Why it cannot be imported, as one word; ``manifest`` when it can, and is not what
            its manifest says; empty when all is well.
        reason: What happened.
        changed: Process state that the import had changed.
    """

    plugin: str
    code: str = ""
    reason: str = ""
    changed: tuple[str, ...] = ()


def check_imports(
    records: Iterable[PluginRecord], *, read_code: Prober = probe
) -> tuple[ImportCheck, ...]:
    """Return what becomes of importing each plugin that can be used, in the order of *records*.

    Args:
        records: The plugins; what trust or an earlier check keeps out is not imported, but what
            is in quarantine is: this is how it may leave.
        read_code: How code is read; in a child process unless given.
    """
    usable = [r for r in records if r.offered is not None or r.state == "quarantined"]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(partial(_checked, read_code), usable))


def _checked(read_code: Prober, record: PluginRecord) -> ImportCheck:
    answers = {module: read_code(module) for module in _modules(record)}
    changed = tuple(sorted({name for answer in answers.values() for name in answer.changed}))
    for module, answer in answers.items():
        if answer.manifest is None:
            reason = f"{module}: {answer.reason}"
            return ImportCheck(record.full_name, answer.code, reason, changed)
    declared = answers[record.module].manifest if record.module else None
    if declared is not None and record.manifest is not None:
        of_code = replace(declared, host_api=record.manifest.host_api)
        if of_code != record.manifest:
            reason = f"its manifest is not what {record.module} declares"
            return ImportCheck(record.full_name, "manifest", reason, changed)
    return ImportCheck(record.full_name, changed=changed)


def _modules(record: PluginRecord) -> tuple[str, ...]:
    manifest = record.manifest
    targets = manifest.targets if manifest else ()
    modules = sorted({target.partition(":")[0] for target in targets})
    return tuple(dict.fromkeys((*filter(None, (record.module,)), *modules)))
