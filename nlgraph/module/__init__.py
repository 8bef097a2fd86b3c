"""What the user holds: an nn.Module whose step is one tick of the root clock."""
