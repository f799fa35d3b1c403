"""An agent that reads the text of PDF files."""
