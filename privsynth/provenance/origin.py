"""Where audited tables say they come from: the labels beside them, or what their maker states."""

from collections.abc import Sequence
from pathlib import Path

from privsynth.errors import InputError
from privsynth.evidence import Generator
from privsynth.privacy import Claim, DpClaim, NoClaim, compose
from privsynth.privacy.lint import read_statement
from privsynth.provenance.label import Label, label_of

ELSEWHERE = Generator(synthesizer="made elsewhere")


def origin(
    tables: Sequence[Path], training_table: str, statement: Path | None = None
) -> tuple[Generator, Claim]:
    """Return what made the tables, and what is claimed of their privacy.

    From the label that stands beside each and names its bytes; ``training_table`` is the keyed
    digest of the rows they are audited against. Tables without labels were made elsewhere, and
    ``statement`` says what their maker claims. ``InputError`` when both say something.
    """
    labels = [found for table in tables if (found := label_of(table)) is not None]
    if statement is not None:
        if any(label.claim.kind != "none" for label in labels):
            raise InputError(f"{statement}: the table's own label holds a claim; give no other")
        return _generator(labels, tables, training_table), read_statement(statement)
    claims = [label.claim for label in labels if isinstance(label.claim, DpClaim)]
    whole = compose(claims) if len(claims) == len(tables) else None
    return _generator(labels, tables, training_table), whole or NoClaim()


def _generator(labels: list[Label], tables: Sequence[Path], training_table: str) -> Generator:
    if len(labels) != len(tables):
        return ELSEWHERE
    first = labels[0]
    alike = all(label.generator == first.generator for label in labels)
    found = first.generator if alike else Generator(synthesizer="several generators")
    if all(label.training_table == training_table for label in labels):
        return found
    doubt = "its label names another training table, or another schema, than the audited one"
    return found.model_copy(update={"notes": (*found.notes, doubt)})
