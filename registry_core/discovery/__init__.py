"""Who is here, and who fits: found without running anything of a plugin."""
