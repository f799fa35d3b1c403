"""The mark that plugins put on their hook implementations."""

from __future__ import annotations

import pluggy

__all__ = ["PROJECT", "hookimpl"]

PROJECT = "registry_core"

hookimpl = pluggy.HookimplMarker(PROJECT)
