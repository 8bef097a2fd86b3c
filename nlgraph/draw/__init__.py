"""The picture of a level graph: from the levels document to SVG, a page, PNG, DOT and Mermaid."""
