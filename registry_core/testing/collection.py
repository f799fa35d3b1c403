"""The conformance run as pytest shows it: an item for each check, the notes at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from registry_core.authoring.project import read_project
from registry_core.errors import ConfigError
from registry_core.names import PluginName
from registry_core.registry import Registry
from registry_core.settings.values import Settings
from registry_core.testing.conformance import Check, checks_of
from registry_core.testing.findings import Broken, Held, Unchecked

if TYPE_CHECKING:
    from registry_core.discovery.report import PluginRecord

__all__ = ["ConformanceRun"]

_NOTE = "agent_conformance"


class BrokenPromiseError(Exception):
    """A check found something; its text is all there is to show."""


class ConformanceItem(pytest.Item):
    """One check of one plugin or agent; belongs to no file."""

    def __init__(self, *, check: Check, parent: pytest.Session) -> None:
        """Run *check* when pytest says so."""
        name = f"{check.subject}:{check.name}"
        # pytest leaves the rest of its own keywords open.
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            name, parent, nodeid=f"agent-conformance::{name}"
        )
        self._check = check
        self.add_marker("agent_conformance")

    def runtest(self) -> None:
        """Raise what the check found."""
        match self._check.run():
            case Held(note):
                if note:
                    self.user_properties.append((_NOTE, f"{self.name}: {note}"))
            case Unchecked(reason):
                pytest.skip(reason)
            case Broken(reason):
                raise BrokenPromiseError(reason)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: object = None,  # noqa: ARG002 -- pytest calls it with one
    ) -> str:
        """Return what was found; a traceback only where the check itself broke."""
        if isinstance(excinfo.value, BrokenPromiseError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Return what the report calls it."""
        return "agent-conformance", None, self.name


class ConformanceRun:
    """Adds the items, and prints what is worth reading of those that passed."""

    def __init__(self, config: pytest.Config) -> None:
        """Read from *config* what is to be checked."""
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """Add the items, unless single tests were named."""
        if any("::" in argument for argument in self._config.args):
            return
        limit: float | None = self._config.getoption("--agent-import-limit")
        registry = Registry.discover(settings=Settings())
        checks = (
            check
            for record in self._records(registry)
            for check in checks_of(registry, record, import_limit_seconds=limit)
        )
        items.extend(_item(session, check) for check in checks)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what importing costs, and the like."""
        reports = terminalreporter.getreports("passed")
        notes = [
            str(note)
            for report in reports
            for name, note in report.user_properties
            if name == _NOTE
        ]
        if notes:
            terminalreporter.section("agent conformance")
            for note in notes:
                terminalreporter.write_line(note)

    def _records(self, registry: Registry) -> list[PluginRecord]:
        wanted = cast("list[str]", self._config.getoption("--agent-conformance"))
        found: list[PluginRecord] = []
        for name in dict.fromkeys(given or self._own() for given in wanted):
            those = [r for r in registry.plugins if name in {r.name, r.distribution, r.full_name}]
            if not those:
                known = ", ".join(sorted({r.name for r in registry.plugins}))
                message = f"no plugin {name!a} is installed here; there are: {known}"
                raise pytest.UsageError(message)
            found.extend(those)
        return found

    def _own(self) -> str:
        """Return the distribution that the project under test makes."""
        try:
            project = read_project(self._config.rootpath).get("project")
        except ConfigError:
            project = None
        name = project.get("name") if isinstance(project, dict) else None
        if not isinstance(name, str):
            message = "no pyproject.toml names this project; say --agent-conformance=PLUGIN"
            raise pytest.UsageError(message)
        return PluginName.parse(name)


def _item(session: pytest.Session, check: Check) -> ConformanceItem:
    made: ConformanceItem = ConformanceItem.from_parent(  # pyright: ignore[reportUnknownMemberType]
        session, check=check
    )
    return made
