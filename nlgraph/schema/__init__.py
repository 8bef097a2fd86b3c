"""Every JSON that nlgraph writes or reads."""
