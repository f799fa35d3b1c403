"""Middleware that keeps results of agents on disk, by content."""
