"""Physics: pure functions with their adjoints, and the layer that owns the probes."""
