"""Writers of scans and of results, one file a format (`table.FORMATS`), and what they share."""
