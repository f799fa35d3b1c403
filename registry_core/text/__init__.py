"""What people wrote, read safely: TOML that hangs nobody, and the line of each value."""
