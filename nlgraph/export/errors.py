"""What is no fault of a spec, and yet keeps it from being written out."""


class ExportError(Exception):
    """A folder that holds something else or cannot be written; a dimension without a number."""
