"""Text that anything may take: a screen, a page, a table, a picture."""

import re

ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, bytes of names that are no UTF-8 (surrogates), marks that turn the direction of writing."""


def printable(text):
    """Return text with a mark in the place of each character that would act instead of being read."""
    return ACTING.sub("\N{REPLACEMENT CHARACTER}", text)


def printable_name(name):
    """Return the name of a file or a scan as one printable line."""
    return printable(" ".join(name.split()))
