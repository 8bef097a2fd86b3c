"""Clocked equations to the level graph: Definition 2 of Nested Learning."""
