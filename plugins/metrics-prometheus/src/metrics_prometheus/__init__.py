"""Collector that counts and times runs, stages and attempts for Prometheus."""
