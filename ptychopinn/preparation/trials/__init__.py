"""Trials: what a few passes over some neighbouring patterns say of a scan that its file does not tell.

`place`: the patterns. `hypothesis`: what may be otherwise than the file says. `passes`: how well patterns that took no
part are predicted then. `orientation`: which of eight it is.
"""
