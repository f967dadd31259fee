"""A paper as plain text, for letters and for readers without a browser."""

from parcela.documents.pages import FactGroup, PaperPage
from parcela.words.words import Words


def write_text(page: PaperPage, words: Words) -> str:
    """Every word of the paper, a line for each fact and each payment."""
    say = words.say
    lines = [*([say("paper_sample"), ""] if page.is_sample else []), page.title, "", page.intro]
    if page.warning is not None:
        lines += ["", page.warning]
    for group in page.groups:
        lines += _write_group(group, words)
    lines += ["", _head(say("paper_schedule"))]
    lines += [f"{row.number}. {row.date}: {row.amount}" for row in page.rows]
    lines.append(f"{say('paper_total')}: {page.total}")
    lines += _write_group(page.more, words)
    if page.terms is not None:
        lines += ["", _head(say("paper_terms_shown")), page.terms_name, "", page.terms.text]
    if page.accepted is not None:
        lines += ["", _head(say("paper_accepted")), page.accepted]
        if page.terms is not None and page.terms.acceptance_required and page.terms.acceptance_text:
            lines += [say("paper_ticked"), page.terms.acceptance_text]
    return "\n".join(lines) + "\n"


def _write_group(group: FactGroup, words: Words) -> list[str]:
    lines = ["", _head(group.heading)] if group.facts else []
    for fact in group.facts:
        lines.append(f"{fact.label}: {'; '.join(fact.texts)}")
        if fact.is_neutral:
            lines.append(f"({words.say('paper_not_set')})")
    return lines


def _head(heading: str) -> str:
    return f"== {heading} =="
