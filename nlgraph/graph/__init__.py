"""Schedules to torch.fx graphs."""
