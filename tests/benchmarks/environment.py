"""The files of a plugin as large as most: two agents, two schemas, six fields each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from registry_core.schemas.fingerprint import fingerprint

if TYPE_CHECKING:
    from registry_core.definitions.schema import JsonObject

__all__ = ["plugin_files"]

_FIELDS = 6


def plugin_files(number: int, *, code: str = "") -> dict[str, str]:
    """Return the files of the plugin with this *number*; *code* runs at its import."""
    package = f"plugin_{number}"
    functions = "def agent_0(): ...\ndef agent_1(): ...\n"
    return {
        f"{package}/__init__.py": code,
        f"{package}/plugin.py": "",
        f"{package}/agents.py": functions,
        f"{package}/agents.json": json.dumps(_manifest(number), indent=2),
    }


def _manifest(number: int) -> JsonObject:
    text, result = (
        _schema(f"Text{number}"),
        _schema(f"Result{number}"),
    )
    return {
        "format": 1,
        "host_api": ">=1,<2",
        "agents": [_agent(number, which) for which in range(2)],
        "schemas": [text, result],
        "hooks": ["registry_agents"],
    }


def _schema(name: str) -> JsonObject:
    document: JsonObject = {
        "type": "object",
        "title": name,
        "properties": {
            f"field_{number}": {
                "type": "string",
                "description": "What is in it, in a sentence of usual length.",
            }
            for number in range(_FIELDS)
        },
        "required": ["field_0"],
    }
    closed: JsonObject = {**document, "additionalProperties": False}
    return {
        "name": name,
        "fingerprint": fingerprint(document, closed),
        "accepts": document,
        "emits": closed,
    }


def _agent(number: int, which: int) -> JsonObject:
    print_ = _schema("Text")["fingerprint"]
    return {
        "name": f"agent_{number}_{which}",
        "target": f"plugin_{number}.agents:agent_{which}",
        "output": f"Result{number}#{print_}",
        "inputs": [{"name": "text", "schema": f"Text{number}#{print_}"}],
        "summary": "Say something useful about a text that is given.",
        "capabilities": [{"name": "content_analysis.sentiment", "score": 0.8}],
        "tags": ["text", "english"],
        "idempotent": True,
        "examples": [{"inputs": {"text": {"field_0": "x"}}, "output": {"field_0": "y"}}],
    }
