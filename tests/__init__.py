"""Tests of the host, and the tools that judge the workspace."""
