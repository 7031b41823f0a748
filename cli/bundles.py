"""Bundles on the command line: a folder, or the one that ships with the package, by its name."""

import click

from ptychopinn.training.shipped import found, shipped


class BundlePath(click.Path):
    """The path of a bundle; `shipped` is that of the package's own."""

    def convert(self, value, param, ctx):
        """Return the folder that a value names."""
        return found(super().convert(value, param, ctx))


def bundle_for(bundle, params):
    """Return the bundle that a reconstruction takes: the shipped one where networks are asked for and none is given."""
    return shipped() if bundle is None and params.asks_a_network else bundle
