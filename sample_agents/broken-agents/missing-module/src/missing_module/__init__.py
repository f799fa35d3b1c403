"""Its entry point names a module of this package that was never written."""
