"""Its entry points name what does not belong to it."""
