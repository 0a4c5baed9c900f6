"""What axe says against a page."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

BROKEN_RULES = """async ([context, options]) =>
  (await axe.run(context ?? document, {resultTypes: ["violations"], ...options})).violations"""
"""Only what is wrong leaves the page: to hand over what is right takes longer than to find it."""


def violations(page, context: Any = None, options: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rules of axe that the page breaks, as it stands, each with its nodes.

    `context` and `options` are those of `axe.run`: what of the page is looked at, and by which rules.
    """
    if not present(page):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(BROKEN_RULES, [context, options or {}])


def present(page) -> bool:
    """Tell whether axe has been on the page: it styles what it measures, which the content policy refuses."""
    return page.evaluate("'axe' in window")
