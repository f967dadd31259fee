"""The search for an apr of two decimals, by asking exactly whether the true rate is at least another."""

from collections.abc import Callable


def search_hundredths(reaches: Callable[[int], bool]) -> int:
    """The rate in hundredths of a percent, half up, 0 at least.

    `reaches` says whether the true rate is at least so many halves of a hundredth; the true rate is finite.
    """
    high = 1
    while reaches(2 * high + 1):
        high *= 2
    low = 0
    while low < high:
        middle = (low + high) // 2
        if reaches(2 * middle + 1):
            low = middle + 1
        else:
            high = middle
    return low
