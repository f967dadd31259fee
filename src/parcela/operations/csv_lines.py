"""Lines of a CSV file with a header, streamed in batches; what they mean is the reader's affair."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from parcela.domain.errors import InvalidInput

BATCH_LINES = 1_000


@dataclass(frozen=True, slots=True)
class CsvLine:
    """A line by its columns; `has_all_cells` is false for one with more or fewer than the header.

    `number` is that in the file.
    """

    number: int
    values: dict[str, str] = field(repr=False)
    has_all_cells: bool


def read_csv_batches(
    lines: Iterable[str], check_header: Callable[[list[str]], None]
) -> Iterator[list[CsvLine]]:
    """Batches of the lines after the header, empty ones left out.

    Raises what `check_header` raises, and InvalidInput where the file stops being CSV in UTF-8: no line of
    that batch is given.
    """
    reader = csv.reader(lines, strict=True)
    done = 1
    try:
        header = next(reader, [])
        check_header(header)
        numbered = ((reader.line_num, cells) for cells in reader if cells)
        while batch := list(islice(numbered, BATCH_LINES)):
            yield [_make_line(number, header, cells) for number, cells in batch]
            done = batch[-1][0]
    except (csv.Error, UnicodeDecodeError) as error:
        expected = f"a line of CSV in UTF-8 ({error}); no line after {done} was carried out"
        # Bytes are read ahead of the lines, so that of the wrong ones only the line before them is known.
        place = f"line {reader.line_num}" if isinstance(error, csv.Error) else f"after line {reader.line_num}"
        raise InvalidInput(place, expected) from None


def _make_line(number: int, header: list[str], cells: list[str]) -> CsvLine:
    filled = [*cells, *[""] * len(header)]
    return CsvLine(number, dict(zip(header, filled, strict=False)), len(cells) == len(header))
