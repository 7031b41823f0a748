"""The page of a run: one HTML file that needs nothing else."""

import jinja2
from markupsafe import Markup

from ptychopinn.printable import printable
from ptychopinn.report.blocks import Page
from ptychopinn.training.record import PAGE

__all__ = ["PAGE", "render"]


def render(page: Page) -> str:
    """Return a page as HTML: styles, script and pictures inside, every text escaped and printable.

    The page forbids itself the network (Content-Security-Policy).

    Args:
        page: Page.

    Returns:
        str.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ptychopinn", "report"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_shown,
    )  # fmt: skip
    return environment.get_template("page.html").render(page=page)


def _shown(value: object) -> str:
    """Make a value's text printable; what a macro wrote has been through here."""
    return value if isinstance(value, Markup) else printable(value)
