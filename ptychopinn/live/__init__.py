"""Live: the image of a scan while its patterns and positions still come."""
