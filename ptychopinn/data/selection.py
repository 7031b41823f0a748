"""Some of the patterns of a scan, read from disk as they are needed."""


class Selection:
    """Some of the patterns of an array-like, read as they are indexed.

    Args:
        patterns: array-like `(pattern, y, x)`.
        indices: int array `(pattern,)`, rising, as files on disk want it.
    """

    def __init__(self, patterns, indices):
        self.patterns, self.indices, self.dtype = patterns, indices, patterns.dtype
        self.shape = (len(indices), *patterns.shape[1:])

    def __getitem__(self, which):
        return self.patterns[self.indices[which]]
