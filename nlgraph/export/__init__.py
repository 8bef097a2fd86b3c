"""Compiled systems as folders that run without nlgraph."""
