"""What was decided: plans and pipelines as values."""
