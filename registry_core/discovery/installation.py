"""What is installed, each part made when somebody first asks for it.

The ids of all agents, and what a name leads to, come out of the index as it is; settings,
records and the catalog are read, decoded and merged by those who need them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from registry_core.catalog.catalog import Catalog
    from registry_core.discovery.index import Index
    from registry_core.discovery.report import DiscoveryReport
    from registry_core.discovery.rows import AgentRow, PluginRow
    from registry_core.names import AgentId
    from registry_core.settings.sources import SettingsSource
    from registry_core.settings.values import Settings

__all__ = ["Installation"]


class Installation:
    """A report under settings, with the catalog of what can be used."""

    __slots__ = ("_cache", "_catalog", "_index", "_read", "_report", "_settings")

    def __init__(
        self,
        report: DiscoveryReport | None = None,
        settings: Settings | SettingsSource | None = None,
        *,
        index: Index | None = None,
        catalog: Catalog | None = None,
        cache: str = "",
    ) -> None:
        """Take a *report*, or an *index* of one; and a *catalog* when it is another than theirs.

        In the folder *cache* stands what was decided before; nothing is kept when it is empty.
        """
        self._cache = cache
        self._report = report
        self._settings = settings
        self._read: Settings | None = None
        self._index = index
        self._catalog = catalog

    def replacing(self, catalog: Catalog) -> Installation:
        """Return this installation with another *catalog*."""
        return Installation(
            self._report, self._read or self._settings, index=self._index, catalog=catalog
        )

    @property
    def report(self) -> DiscoveryReport:
        """What discovery found."""
        if self._report is None:
            from registry_core.discovery.report import DiscoveryReport

            self._report = self._index.report if self._index else DiscoveryReport()
        return self._report

    @property
    def settings(self) -> Settings:
        """What the user decided."""
        if self._read is None:  # asked in each run, and an import takes a microsecond
            from registry_core.settings.reading import read_settings
            from registry_core.settings.values import Settings

            found = self._settings or Settings()
            self._read = found if isinstance(found, Settings) else read_settings(found)
        return self._read

    @property
    def catalog(self) -> Catalog:
        """All agents with their indexes."""
        if self._catalog is None:
            from registry_core.catalog.merge import Contribution, merge

            contributions = (
                Contribution(r.distribution, r.version, r.offered, contested=r.state == "conflict")
                for r in self.report.plugins
                if r.offered is not None
            )
            verdicts = None
            if self._cache:
                from registry_core.discovery.deciding import keeping

                verdicts = keeping(self._cache)
            self._catalog = merge(contributions, pins=self.settings.pins, verdicts=verdicts)
        return self._catalog

    @property
    def agents(self) -> tuple[AgentId, ...]:
        """The ids of all agents, sorted."""
        if self._catalog is None and self._index is not None:
            from registry_core.names import AgentId

            return tuple(map(AgentId, self._index.ids))
        return tuple(sorted(entry.id for entry in self.catalog))

    @property
    def listing(self) -> tuple[AgentRow, ...]:
        """What a list shows of each agent, sorted by id."""
        if self._catalog is None and self._index is not None:
            return self._index.rows
        from registry_core.discovery.rows import row_of

        return tuple(row_of(e.id, e.definition, contested=e.contested) for e in self.catalog)

    @property
    def plugin_listing(self) -> tuple[PluginRow, ...]:
        """What a list shows of each plugin, in the order of the report."""
        if self._report is None and self._index is not None:
            return self._index.plugin_rows
        from registry_core.discovery.rows import plugin_row_of

        return tuple(map(plugin_row_of, self.report.plugins))

    def refuse_quarantined(self, *names: str) -> None:
        """Do nothing unless one of *names* means an agent in quarantine.

        Raises:
            AgentLoadError: If one does.
        """
        if any(record.state == "quarantined" for record in self.report.plugins):
            from registry_core.discovery.quarantine import refuse_quarantined

            refuse_quarantined(names, self.report.plugins, self.catalog)

    def resolve(self, name: str) -> AgentId:
        """Return the id that *name* leads to; see :meth:`Catalog.resolve`.

        Raises:
            AgentLoadError: If it leads to an agent in quarantine.
        """
        if self._catalog is None and self._index is not None:
            owners = self._index.owners(name)
            if len(owners) == 1:
                from registry_core.names import AgentId

                return AgentId(owners[0])
        self.refuse_quarantined(name)
        return self.catalog.resolve(name)  # it knows the pins, and what to say
