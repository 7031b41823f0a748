"""The page of a run: one HTML file that needs nothing else."""

import jinja2

PAGE = "report.html"


def render(page):
    """Return a page as HTML: styles, script and pictures inside, every text escaped.

    The page forbids itself the network (Content-Security-Policy).

    Args:
        page: Page.

    Returns:
        str.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ptychopinn", "report"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html").render(page=page)


def page_writer(html):
    """Return the page for `write_together`: a dict from its name to a function of the path; empty without a page."""
    return {} if html is None else {PAGE: lambda path: path.write_text(html, encoding="utf-8", errors="replace")}
