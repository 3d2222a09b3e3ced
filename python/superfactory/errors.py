"""The one exception of this package."""
from __future__ import annotations


class SuperfactoryError(Exception):
    """The run cannot go on, or a call does not fit the run; the text is one sentence that says what to do.

    Left uncaught it ends the process with exit code 1, which is what a training loop should do.
    """
