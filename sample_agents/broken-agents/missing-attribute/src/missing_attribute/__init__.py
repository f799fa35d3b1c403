"""Its entry point names an attribute that was never written."""
