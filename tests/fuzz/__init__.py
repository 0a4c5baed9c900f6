"""Inputs that nobody means: every importer, parser and address reads them or refuses them in one line, at once.

    python -m tests.fuzz [--examples 1000] [--only waet,api] [--seed 0]

Prints how many inputs were tried for each target, and the smallest that went wrong; then the status is 1. The suite
runs the same with few inputs (`test_fuzz.py`). A target is a file of a good kind, which Hypothesis spoils in thousands
of ways (`mutation.py`), or the API, for which schemathesis invents requests from its own description (`requests.py`).
"""
