"""From a system and data to a trained module: batches, the loop, metrics and checkpoints."""
