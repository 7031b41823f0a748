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
    from ptychopinn.reconstruction.asked import takes_the_shipped
    from ptychopinn.reconstruction.dose import little_told
    from ptychopinn.training.bundle import load_bundle

    if bundle is not None or not takes_the_shipped(scan, request.params):
        return request, bundle
    why = little_told(scan, scan.probe)
    talk.note(f"{why}: passes start from what the network that ships makes; --start flat overrides.")
    return dataclasses.replace(request, bundle=shipped()), load_bundle(shipped())
