"""From typed Python code to declarations, and from declarations to a manifest."""
