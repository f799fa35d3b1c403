"""Agents that analyse a text; each looks for one thing and needs no network."""
