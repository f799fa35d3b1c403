"""Collector that traces and times runs, stages and attempts with OpenTelemetry."""
