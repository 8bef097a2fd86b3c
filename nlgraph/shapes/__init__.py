"""Clocked equations to shaped ones: dimensions by name, and dtypes."""
