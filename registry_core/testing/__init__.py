"""What a test of agents and pipelines needs."""
