"""Its manifest is said to be another package's, or to lie outside of any."""
