"""Equations to clocked equations: every value has a clock."""
