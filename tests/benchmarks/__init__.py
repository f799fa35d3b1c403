"""What the core costs: run by hand, never part of the suite."""
