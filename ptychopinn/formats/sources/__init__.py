"""Sources of scans, one file a format (`table.SOURCES`), and what they share."""
