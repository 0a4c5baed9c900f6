"""Who rates what, in which order: a plan of cells, balanced over items and attributes, and reproducible from its seed.

A session sits one cell of the plan. Which cells came before decides nothing, so a cell that was given up can be taken
again by the next assessor, and the balance is what it was.
"""

from listening.design.forms import against, pairs, singles
from listening.design.pages import Design, Page, plan, top_up
from listening.design.squares import williams

__all__ = ["Design", "Page", "against", "pairs", "plan", "singles", "top_up", "williams"]
