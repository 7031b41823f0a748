"""Training: find a network's weights from scans, and keep them in a bundle."""
