"""Middleware that keeps secrets out of what agents hand on and of what is recorded."""
