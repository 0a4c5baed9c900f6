"""A study's workbench: one page with a header, the actions that are possible now, and a tab for each part of the work.

Each tab is a module with its own URL, `admin:listening_study_<key>`, and shows itself with `page`.
"""

from listening.admin.workbench.frame import TABS, frame, page

__all__ = ["TABS", "frame", "page"]
