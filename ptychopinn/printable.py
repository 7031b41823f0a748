"""Names and paths as text that every page, terminal and UTF-8 file can take."""


def printable(text: object) -> str:
    """Return a text or path in one line, with escapes for what cannot be shown.

    Those are control characters, which a terminal obeys, and bytes that are not UTF-8. Names that differ stay so.
    """
    words = str(text)
    if words.isprintable():  # pages hold megabytes of pictures as text
        return words
    return "".join(one if one.isprintable() else _escaped(one) for one in words)


def printable_lines(text: object) -> str:
    """Return a text of several lines as `printable` does each of them."""
    return "\n".join(map(printable, str(text).split("\n")))


def _escaped(character: str) -> str:
    """Return a character as Python writes it in a string."""
    return character.encode("unicode_escape").decode("ascii")
