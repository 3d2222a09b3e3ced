"""Lets the trainers of a test take their steps at a pace, whatever their program: Python runs this where its directory is on PYTHONPATH.

PACE_SECONDS is how much longer a step takes than it must, until the file PACE_UNTIL is there.
"""

import os
import time

if "PACE_SECONDS" in os.environ and "SUPERFACTORY_BRIDGE" in os.environ:
    import superfactory

    _step = superfactory.Run.step

    def _paced(run, *arguments, **named):
        due = time.monotonic() + float(os.environ["PACE_SECONDS"])
        while not os.path.exists(os.environ["PACE_UNTIL"]) and (left := due - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
        return _step(run, *arguments, **named)

    superfactory.Run.step = _paced
