"""What ``pytest`` gets from this package: fixtures, and the conformance run of plugins."""
