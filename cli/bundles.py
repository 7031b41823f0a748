"""Bundles on the command line: a folder, or the one that ships with the package, by its name."""

import dataclasses

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


def for_scan(request, bundle, scan, talk):
    """Return request and bundle: where none is given and a scan tells little, the shipped one, which is said."""
    from ptychopinn.reconstruction.asked import why_the_shipped
    from ptychopinn.training.bundle import load_bundle

    why = "" if bundle is not None else why_the_shipped(scan, request.params)
    if not why:
        return request, bundle
    talk.note(f"{why}: passes start from what the network that ships makes; --start flat overrides.")
    return dataclasses.replace(request, bundle=shipped()), load_bundle(shipped())
