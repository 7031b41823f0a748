"""Names and paths as text that every page, terminal and UTF-8 file can take."""


def printable(text: object) -> str:
    """Return a text or path with `?` for what cannot be shown: control characters, bytes that are not UTF-8."""
    return "".join(character if character.isprintable() else "?" for character in str(text))
