"""The collector: events of a run become numbers."""

from __future__ import annotations

import os
from functools import cache

from prometheus_client import REGISTRY, start_http_server, write_to_textfile

from metrics_prometheus.instruments import Instruments
from registry_core import Event, collector

__all__ = ["Collector", "shared_instruments"]

_PORT = "AGENTREG_PROMETHEUS_PORT"
_FILE = "AGENTREG_PROMETHEUS_FILE"
_LOOPBACK = "127.0.0.1"


@collector()
class Collector:
    """Count and time runs, stages and attempts for Prometheus."""

    def __init__(self, instruments: Instruments | None = None) -> None:
        """Count in *instruments*; in those of the process unless given."""
        self._instruments = instruments or shared_instruments()
        self._pipeline = ""

    def __call__(self, event: Event) -> None:
        """Count what happened."""
        match event.kind:
            case "run_started":
                self._pipeline = event.detail
                self._instruments.run_began()
            case "run_finished":
                self._instruments.run_ended(self._pipeline, event.status, event.seconds)
                _write_file()
            case "stage_finished" if event.status != "not_run":
                self._instruments.stage_ended(
                    self._pipeline, event.stage_id, event.agent or "", event.status, event.seconds
                )
            case "attempt_finished":
                # After the type comes the text, which may hold values: it goes nowhere.
                error = event.detail.partition(":")[0] if event.status != "succeeded" else ""
                self._instruments.attempt_ended(event.agent or "", event.status, error)
            case _:
                pass


@cache
def shared_instruments() -> Instruments:
    """Return the metrics in the default registry of ``prometheus_client``.

    Where ``AGENTREG_PROMETHEUS_PORT`` is set they are served there, on the loopback interface.

    Raises:
        OSError: If the port is taken.
        ValueError: If it is no port.
    """
    port = os.environ.get(_PORT)  # noqa: TID251 -- a plugin has settings of its own
    if port:
        start_http_server(int(port), _LOOPBACK, REGISTRY)
    return Instruments(REGISTRY)


def _write_file() -> None:
    """Write all metrics where ``AGENTREG_PROMETHEUS_FILE`` says, for the node exporter."""
    path = os.environ.get(_FILE)  # noqa: TID251 -- a plugin has settings of its own
    if path:
        write_to_textfile(path, REGISTRY)
