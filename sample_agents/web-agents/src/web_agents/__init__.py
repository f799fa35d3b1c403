"""Agents that read HTML and Markdown."""
