"""What an expression may call: one entry for each operator."""
