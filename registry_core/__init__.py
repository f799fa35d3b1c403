"""Host for AI agents that other teams publish."""
