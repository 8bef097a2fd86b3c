"""Tree to equations: names and templates resolved."""
