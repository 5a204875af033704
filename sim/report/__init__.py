"""The views of a recording: the terminal, one JSON document, one page with its picture."""
