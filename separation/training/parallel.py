"""Several processes that train one separator: which of them writes and reports."""

from torch import distributed

from separation.losses.across_processes import several_processes


def is_main_process() -> bool:
    """Tell whether this process is the one that writes and reports."""
    return not several_processes() or distributed.get_rank() == 0
