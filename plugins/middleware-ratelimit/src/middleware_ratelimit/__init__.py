"""Middleware that limits how often agents are called, by agent and second."""
