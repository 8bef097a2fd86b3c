"""How nlgraph speaks to the user."""
