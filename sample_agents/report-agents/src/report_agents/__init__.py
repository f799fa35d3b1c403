"""An agent that turns findings about a document into one HTML page."""
