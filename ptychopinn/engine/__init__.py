"""The engine: passes over a scan that bring object and probe to agree with every pattern."""
