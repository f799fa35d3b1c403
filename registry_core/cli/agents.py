"""``agentreg agents``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from registry_core.cli.options import as_json, discovered, plain, rescan
from registry_core.cli.rendering import Output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from registry_core.composer.ranking import Score
    from registry_core.definitions.schema import JsonValue
    from registry_core.discovery.rows import AgentRow
    from registry_core.registry import Registry

__all__ = ["command"]


@click.command("agents")
@click.option("--capability", metavar="NAME", help="Only those that claim it or a narrower one.")
@click.option("--takes", metavar="SCHEMA", help="Only those that can take it.")
@click.option("--gives", metavar="SCHEMA", help="Only those whose output can be taken as it.")
@click.option("--tag", metavar="WORD", help="Only those that carry it.")
@click.option("--text", metavar="WORDS", help="Only those that mention every word.")
@as_json
@plain
@rescan
@click.pass_context
def command(
    ctx: click.Context,
    *,
    capability: str | None,
    takes: str | None,
    gives: str | None,
    tag: str | None,
    text: str | None,
    as_json: bool,
    plain: bool,
) -> None:
    """List the agents of all plugins. Imports none of them."""
    registry = discovered(ctx)
    rows = registry.listing
    known = {row[0]: row for row in rows}
    if any((capability, takes, gives, tag, text)):
        catalog = registry.catalog
        found = catalog.find(
            capability=capability,
            takes=catalog.resolve_schema(takes) if takes else None,
            gives=catalog.resolve_schema(gives) if gives else None,
            tag=tag,
            text=text,
        )
        rows = tuple(known[entry.id] for entry in found)
    ranked: dict[str, Score] = {}
    if capability:
        ranked = _ranked(registry, [row[0] for row in rows], capability)
        rows = tuple(known[agent] for agent in ranked)
    output = Output(plain=plain)
    if as_json:
        output.json([_value(row, ranked.get(row[0])) for row in rows])
        return
    output.table(
        ("agent", *(("score",) if ranked else ()), "takes", "gives", "capabilities", "summary"),
        (
            (
                agent,
                *((f"{ranked[agent].total:.2f}",) if ranked else ()),
                " + ".join(_schema_name(schema) for _, schema in inputs),
                _schema_name(given),
                ", ".join(name for name, _ in capabilities),
                summary,
            )
            for agent, inputs, given, capabilities, summary, *_ in rows
        ),
    )


def _ranked(registry: Registry, agents: Iterable[str], capability: str) -> dict[str, Score]:
    """Return the score of each agent for *capability*, best first."""
    from registry_core.cli.evidence import evidence_of
    from registry_core.composer.ranking import rank
    from registry_core.names import AgentId

    found = rank(
        registry.catalog,
        map(AgentId, agents),
        evidence_of(registry),
        registry.settings.ranking,
        capability=registry.catalog.resolve_capability(capability),
    )
    return {one.agent: one.score for one in found}


def _schema_name(schema: str) -> str:
    return schema.rpartition("#")[0]


def _value(row: AgentRow, score: Score | None) -> dict[str, JsonValue]:
    agent, inputs, output, capabilities, summary, tags, contested = row
    scored: dict[str, JsonValue] = {}
    if score is not None:
        from registry_core.cli.evidence import score_value

        scored["score"] = score_value(score)
    return {
        "id": agent,
        "summary": summary,
        "takes": dict(inputs),
        "gives": output,
        "capabilities": dict(capabilities),
        "tags": list(tags),
        "contested": contested,
        **scored,
    }
