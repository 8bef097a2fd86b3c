"""Whole specs, each with data that it learns from."""
