"""Scans with a known answer, reproducible from a seed.

`objects`, `leaves`, `star`: what is scanned. `probes`, `pupils`, `modes`: what lights it. `positions`: where.
`detector`, `scans`: what is measured. `sources`: any of these from a file. `choices`, `params`, `experiments`: all of
it from one set of options.
"""
