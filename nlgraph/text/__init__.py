"""What was written, and where: sources, spans and origins."""
