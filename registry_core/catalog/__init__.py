"""What we can do: an immutable snapshot of all agents, with its indexes."""
