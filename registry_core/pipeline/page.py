"""A plan as one HTML page: the picture, the reason for each edge, and who was not chosen.

Self-contained: no script, nothing that is fetched, and a policy in the page that forbids both.
Whatever the picture shows stands below it as text, for those who do not see it. All names come
from strangers, so every text is escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from registry_core.pipeline.drawing import escaped, svg
from registry_core.pipeline.pipeline import FromStage
from registry_core.pipeline.plan import is_chance, reached

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from registry_core.pipeline.plan import Edge, Plan

__all__ = ["page"]

_Group: TypeAlias = tuple[tuple[str, ...], "Sequence[tuple[str, ...]]"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root{color-scheme:light;--ink:#1f2430;--soft:#566074;--rule:#d5dae3;--paper:#fff;--wash:#f5f7fa}
body{margin:2rem auto;padding:0 1.5rem;max-width:90rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2rem 0 .5rem}
dl{display:flex;flex-wrap:wrap;gap:.25rem 2rem;margin:1rem 0}
dl div{display:flex;gap:.5rem}dt{color:var(--soft)}dd{margin:0;font-weight:600}
figure{margin:1rem 0;padding:.5rem;border:1px solid var(--rule);border-radius:8px;overflow-x:auto}
table{border-collapse:collapse;width:100%}th,td{padding:.4rem .6rem;text-align:left;
vertical-align:top;border-bottom:1px solid var(--rule);overflow-wrap:anywhere}
thead th{color:var(--soft);font-weight:600}tbody th{font-weight:600;white-space:nowrap}
summary{cursor:pointer;font-size:1.1rem;font-weight:700;padding:.25rem 0}details{margin:2rem 0 0}
li{margin:.35rem 0;overflow-wrap:anywhere}code{font:.9em ui-monospace,Menlo,Consolas,monospace}
@media print{details::details-content{content-visibility:visible}figure{overflow:visible}}
""".replace("\n", "")


def page(
    plan: Plan, *, rejected: Iterable[str] = (), scores: Mapping[str, str] | None = None
) -> str:
    """Return *plan* as one HTML document that needs nothing else.

    Args:
        plan: What to show.
        rejected: A line for each agent that was not chosen, folded away.
        scores: What each agent of the plan is worth and why, by agent.

    >>> from registry_core import Registry, agent
    >>> @agent
    ... def count_words(text: str) -> int:
    ...     return len(text.split())
    >>> plan = Registry().with_agents(count_words).plan(have=[str], want=[int])
    >>> page(plan).splitlines()[0], "<script" in page(plan)
    ('<!DOCTYPE html>', False)
    """
    goal = f"{_named(plan.have)} \N{RIGHTWARDS ARROW} {_named(plan.want)}"
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(plan.pipeline.name)}: {escaped(goal)}</title>",
        f"<style>{_STYLE}</style></head><body><main>",
        f"<h1>{escaped(goal)}</h1><p>Pipeline <code>{escaped(plan.pipeline.name)}</code></p>",
        f"<dl>{''.join(_facts(plan))}</dl>",
        f'<figure tabindex="0" aria-label="Drawing; as text below">{svg(plan)}</figure>',
        "<h2>Stages, and why each value fits</h2>",
        _table(("stage", "agent", "input", "comes from", "why it fits"), _stages(plan)),
        *_scored(scores or {}),
        *_folded([*rejected]),
        "</main></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _facts(plan: Plan) -> Iterator[str]:
    most = "most" if is_chance(plan.objective) else "least"
    facts = {
        "stages": str(len(plan.pipeline.stages)),
        "depth": str(plan.depth),
        "cost": f"{plan.cost:g}",
        "expected time": f"{plan.latency_seconds:g} s",
        "memory": f"{plan.memory_mib} MiB",
        "expected success": f"{100 * plan.success:.1f} %",
        f"{most} {plan.objective}": f"{reached(plan.objective, plan.value)}, {plan.proof}",
    }
    return (f"<div><dt>{escaped(k)}</dt><dd>{escaped(v)}</dd></div>" for k, v in facts.items())


def _stages(plan: Plan) -> Iterator[_Group]:
    taken: dict[str, list[tuple[str, ...]]] = {}
    for edge in plan.edges:
        taken.setdefault(edge.stage, []).append(_flow(edge))
    for stage in plan.pipeline.stages:
        yield (stage.id, stage.agent), taken.get(stage.id, [("", "", "")])
    yield ("result", ""), taken.get("", [("", "", "")])


def _flow(edge: Edge) -> tuple[str, str, str]:
    origin = edge.source.stage if isinstance(edge.source, FromStage) else "what is given"
    return edge.input, f"{origin} ({edge.gives.name})", edge.why


def _scored(scores: Mapping[str, str]) -> Iterator[str]:
    if scores:
        yield "<h2>What the agents are worth</h2>"
        yield _table(("agent", "score"), [((agent,), [(why,)]) for agent, why in scores.items()])


def _folded(rejected: Sequence[str]) -> Iterator[str]:
    if rejected:
        lines = "".join(f"<li>{escaped(line)}</li>" for line in rejected)
        title = f"<summary>Not in the plan ({len(rejected)})</summary>"
        yield f"<details>{title}<ul>{lines}</ul></details>"


def _table(head: Sequence[str], groups: Iterable[_Group]) -> str:
    titles = "".join(f'<th scope="col">{escaped(title)}</th>' for title in head)
    lines = "".join(map(_rows, groups))
    return f"<table><thead><tr>{titles}</tr></thead>{lines}</table>"


def _rows(group: _Group) -> str:
    """Return the rows of one subject, whose own cells reach over all of them."""
    (name, *more), rows = group
    span = f' rowspan="{len(rows)}"' if len(rows) > 1 else ""
    lead = f'<th scope="rowgroup"{span}>{escaped(name)}</th>'
    lead += "".join(f"<td{span}>{escaped(cell)}</td>" for cell in more)
    lines = ["".join(f"<td>{escaped(cell)}</td>" for cell in row) for row in rows]
    return f"<tbody><tr>{lead}{'</tr><tr>'.join(lines)}</tr></tbody>"


def _named(schemas: Iterable[str]) -> str:
    return " + ".join(schema.partition("#")[0] for schema in schemas) or "nothing"
