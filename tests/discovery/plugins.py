"""Small real plugins, as an installer leaves them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from registry_core.schemas.fingerprint import fingerprint
from registry_core.testing.installed import installed_distribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["coded", "declared", "manifest_json"]

_PRINT = fingerprint({"type": "string"}, {"type": "string"})
_TEXT = {"name": "str", "fingerprint": _PRINT, "accepts": {"type": "string"}}


def manifest_json(package: str, *agents: str, **fields: object) -> str:
    """Return a manifest with *agents* in *package*; *fields* replace what it holds."""
    document = {
        "format": 1,
        "host_api": ">=1,<2",
        "agents": [
            {
                "name": name,
                "target": f"{package}.code:{name}",
                "inputs": [{"name": "text", "schema": f"str#{_PRINT}"}],
                "output": f"str#{_PRINT}",
                "summary": "Give the text back.",
            }
            for name in agents
        ],
        "schemas": [{**_TEXT, "emits": {"type": "string"}}],
        **fields,
    }
    return json.dumps(document)


def declared(
    site: Path,
    name: str = "word-agents",
    *agents: str,
    version: str = "1.0",
    plugin: str = "",
    manifest: str | bytes | None = None,
    files: Mapping[str, str | bytes] | None = None,
    requires: Iterable[str] = (),
    replacing: Mapping[str, bytes | None] | None = None,
) -> Path:
    """Install a plugin with a manifest; its code would write a file if it were imported."""
    package = name.replace("-", "_")
    echo = "".join(f"def {agent}(text: str) -> str:\n    return text\n" for agent in agents)
    content: dict[str, str | bytes] = {
        f"{package}/__init__.py": "",
        f"{package}/plugin.py": _MARK,
        f"{package}/code.py": _MARK + echo,
        f"{package}/agents.json": manifest_json(package, *agents) if manifest is None else manifest,
    }
    return installed_distribution(
        site,
        name,
        version,
        files={**content, **(files or {})},
        plugins={plugin or name: f"{package}.plugin"},
        manifests={plugin or name: f"{package}:agents.json"},
        requires=requires,
        replacing=replacing,
    )


def coded(site: Path, name: str, code: str, *, version: str = "1.0") -> Path:
    """Install a plugin without a manifest, whose module is *code*."""
    module = name.replace("-", "_")
    return installed_distribution(
        site, name, version, files={f"{module}.py": code}, plugins={name: module}
    )


_MARK = """\
import pathlib
(pathlib.Path(__file__).parent / "imported").touch()
"""
