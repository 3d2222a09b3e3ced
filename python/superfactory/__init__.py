"""Superfactory's client: a PyTorch training loop joins a run over several datacenters with three lines.

    run = superfactory.join()
    run.synchronize(model, optimizer)
    ...
        run.step(loss=loss, tokens=tokens)      # in place of optimizer.step()

The guide is ``docs/python.md``.
"""
from .errors import SuperfactoryError
from .joining import join
from .order import sample_indices
from .protocol import CLIENT_VERSION as __version__
from .randomness import RandomState
from .run import Run
from .samples import Samples

__all__ = ["RandomState", "Run", "Samples", "SuperfactoryError", "join", "sample_indices", "__version__"]
