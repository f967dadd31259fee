"""How long things may take on a machine that does other work too."""

import os


def stretch(seconds: float) -> float:
    """What `seconds` of a machine of one's own come to on this one, after its load of the last minute.

    For limits that a contract gives in seconds. An idle machine is given the contract's own figure.
    """
    cores = len(os.sched_getaffinity(0))
    return seconds * max(1.0, os.getloadavg()[0] / cores)
