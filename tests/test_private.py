"""A private fit: refusals before any draw, the claim it gives, the ledger of its source."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from privsynth.errors import InputError, IntegrityError, PrivsynthError
from privsynth.privacy import Budget, BudgetError, Domain, DpClaim, Noise
from privsynth.progress import silent
from privsynth.provenance import book, check_total, keeper, label, label_of, origin
from privsynth.run import generator_facts
from privsynth.synthesizers import Privacy, Recipe, catalogue, generate_private
from privsynth.synthesizers._private import Private
from privsynth.tables import write_bytes
from privsynth.tables.schema import Column, Schema
from privsynth.tables.table import Table, typed
from privsynth.tables.write import table_bytes

SCHEMA = Schema(
    columns=(
        Column(name="person", kind="id"),
        Column(name="sex", kind="categorical", categories=("F", "M")),
    ),
    entity="person",
)


@dataclass(frozen=True)
class Fitted:
    """Shares of two categories."""

    share: float
    outside: dict[str, int]

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return rows drawn by the share."""
        return pd.DataFrame({"sex": rng.choice(["F", "M"], n, p=[self.share, 1 - self.share])})


def learn(
    train: Table, domain: Domain, noise: Noise, rng: np.random.Generator, progress: Any, **_: Any
) -> Fitted:
    """Return the noisy share of one category: the smallest private synthesizer there is."""
    cells = train.frame["sex"]
    counts = [int((cells == "F").sum()), int((cells == "M").sum())]
    noisy = np.maximum(noise.histogram(counts, "counts of 'sex'", noise.remaining), 1)
    return Fitted(float(noisy[0] / noisy.sum()), {"sex": 3})


def blind(*_: Any, **__: Any) -> Fitted:
    """Return a share that was learnt past the ledger."""
    return Fitted(0.5, {})


COIN = Private(name="coin", home=__name__, learn=learn, options={})
CHEAT = Private(name="cheat", home=__name__, learn=blind, options={})


def people(rows: int = 2000, each: int = 1, schema: Schema = SCHEMA) -> Table:
    frame = pd.DataFrame(
        {
            "person": [f"p{i // each}" for i in range(rows)],
            "sex": np.where(np.arange(rows) % 10 < 7, "F", "M"),
        }
    )
    return Table(typed(frame, schema), schema, "train")


def without(**changes: Any) -> Schema:
    column = SCHEMA["sex"].model_copy(update=changes)
    return Schema(columns=(SCHEMA["person"], column), entity="person")


def test_a_private_fit_claims_what_it_spent() -> None:
    made = generate_private(COIN, people(), 500, Privacy(Budget(1.0)))
    claim = made.claim
    assert isinstance(claim, DpClaim) and len(made.synthetic) == 500
    assert claim.spent == pytest.approx(1.0, abs=1e-6) and claim.end_to_end
    assert claim.domain == {"sex": "declared"}
    assert "several rows" in claim.not_covered[0]  # an entity column, and a claim for rows
    assert made.aside and "3" in made.aside[0] and not any("3" in note for note in made.notes)


def test_no_two_private_fits_are_alike_and_none_without_noise_differ() -> None:
    """Two tables of 500 fair draws are equal with probability below 1e-100."""
    recipe = Recipe(COIN, 500, {}, Privacy(Budget(1.0)))
    first, second = (recipe.make(people(), 1).synthetic.digest for _ in range(2))
    assert first != second
    plain = Recipe(COIN, 500, {})
    assert len({plain.make(people(), 1).synthetic.digest for _ in range(2)}) == 1
    assert plain.make(people(), 1).claim.kind == "none"


@pytest.mark.parametrize(
    ("synthesizer", "train", "budget", "told"),
    [
        ("independent", people(), Budget(1.0), "not differentially private"),
        ("coin", people(schema=without(categories=None)), Budget(1.0), "'sex'"),
        ("coin", people(), Budget(1.0, 1e-3), "not below 1 / 2,000 rows"),
        ("coin", people(each=4), Budget(1.0, 2e-3, "entity"), "not below 1 / 500 entities"),
        ("coin", people().without({"person"}), Budget(1.0, 1e-5, "entity"), "no entity column"),
    ],
)
def test_refused_before_anything_is_read(
    synthesizer: str, train: Table, budget: Budget, told: str
) -> None:
    maker = COIN if synthesizer == "coin" else catalogue()[synthesizer]
    recipe = Recipe(maker, 10, {}, Privacy(budget))
    for attempt in (lambda: recipe.check(train), lambda: recipe.make(train, 0)):
        with pytest.raises(InputError, match=told):
            attempt()


def test_a_synthesizer_that_goes_past_the_ledger_gets_no_claim() -> None:
    with pytest.raises(PrivsynthError, match="the ledger is empty"):
        generate_private(CHEAT, people(), 10, Privacy(Budget(1.0)))


def test_rows_beyond_the_bound_of_an_entity_are_left_out_and_counted_for_the_holder_alone() -> None:
    budget = Budget(1.0, 1e-5, "entity", rows_per_unit=2)
    made = generate_private(COIN, people(8000, each=4), 10, Privacy(budget))
    assert isinstance(made.claim, DpClaim)
    assert made.claim.events[0].sensitivity == 2.0
    assert any("4,000 rows beyond 2 of an entity" in note for note in made.aside)
    assert not any("4,000" in note for note in made.notes)


def test_which_rows_of_an_entity_stay_does_not_depend_on_their_values() -> None:
    """2,000 entities of rows F, M: the share of F that stays is 1/2, +-5 sigma (6e-7)."""
    from privsynth.randomness import generator
    from privsynth.synthesizers._private import _bounded

    frame = pd.DataFrame(
        {"person": np.repeat(np.arange(2000), 2).astype(str), "sex": ["F", "M"] * 2000}
    )
    table = Table(typed(frame, SCHEMA), SCHEMA, "train")
    kept, _ = _bounded(table, Budget(1.0, 1e-5, "entity"), generator(1))
    assert len(kept) == 2000 and kept.frame["person"].is_unique
    assert abs((kept.frame["sex"] == "F").mean() - 0.5) < 5 * 0.5 / 2000**0.5


def test_a_domain_read_from_the_rows_works_and_is_not_end_to_end() -> None:
    train = people(schema=without(inferred=("categories",)))
    claim = generate_private(COIN, train, 10, Privacy(Budget(1.0))).claim
    assert isinstance(claim, DpClaim) and not claim.end_to_end
    assert claim.domain == {"sex": "read"} and "'sex'" in claim.unaccounted[0]


def test_kinds_that_were_guessed_are_not_end_to_end_even_where_the_domain_is_learnt() -> None:
    guessed = people(schema=without(categories=None, inferred=("kind",)))
    claim = generate_private(COIN, guessed, 10, Privacy(Budget(1.0), learn_domain=True)).claim
    assert isinstance(claim, DpClaim) and claim.domain == {"sex": "learnt"}
    assert claim.unaccounted == ("kinds of columns were guessed from the rows: 'sex'",)
    declared = people(schema=without(categories=None))
    claim = generate_private(COIN, declared, 10, Privacy(Budget(1.0), learn_domain=True)).claim
    assert isinstance(claim, DpClaim) and claim.end_to_end and claim.spent <= 1.0 + 1e-6
    assert [event.mechanism for event in claim.events] == ["threshold", "gaussian"]


def test_few_units_are_noted() -> None:
    made = generate_private(COIN, people(900), 10, Privacy(Budget(1.0)))
    assert any("only 900 rows" in note for note in made.notes)


def test_private_fits_of_a_source_add_up(tmp_path: Path) -> None:
    keep = keeper(tmp_path)
    made = generate_private(COIN, people(), 10, Privacy(Budget(1.0))).claim
    assert isinstance(made, DpClaim)
    first, second = book(keep, "source", made), book(keep, "source", made)
    assert first.composition is not None and first.composition.fits == 1
    assert first.composition.epsilon == pytest.approx(1.0, abs=1e-6)
    both = second.composition
    assert both is not None and both.fits == 2 and both.delta == pytest.approx(2e-5)
    assert 1.2 < both.epsilon < 2.0  # less than the sum: Gaussian noise composes by squares
    other = book(keep, "another source", made).composition
    assert other is not None and other.fits == 1
    replaced = generate_private(
        COIN, people(), 10, Privacy(Budget(1.0, neighbours="replace_one"))
    ).claim
    assert isinstance(replaced, DpClaim)
    third = book(keep, "source", replaced).composition
    assert third is not None and (third.fits, third.not_added) == (3, 2)
    assert "source" not in (tmp_path / "spent.json").read_text().replace("sources", "")


def test_a_source_can_be_given_a_total(tmp_path: Path) -> None:
    keep = keeper(tmp_path)
    made = generate_private(COIN, people(), 10, Privacy(Budget(2.0))).claim
    assert isinstance(made, DpClaim)
    check_total(keep, "source", Budget(2.0), 3.0)
    book(keep, "source", made)
    check_total(keep, "source", Budget(1.0), 3.0)
    check_total(keep, "source", Budget(5.0), None)
    with pytest.raises(BudgetError, match="claim epsilon 2 already"):
        check_total(keep, "source", Budget(1.5), 3.0)


def test_a_damaged_ledger_of_sources_is_an_integrity_error(tmp_path: Path) -> None:
    keep = keeper(tmp_path)
    (tmp_path / "spent.json").write_text("{]")
    with pytest.raises(IntegrityError, match="restore it"):
        check_total(keep, "source", Budget(1.0), 3.0)


def labelled(
    folder: Path, name: str = "made.csv", training: str = "hmac:t"
) -> tuple[Path, DpClaim]:
    made = generate_private(COIN, people(), 50, Privacy(Budget(1.0)))
    data = table_bytes(made.synthetic, name)
    text = label(
        name, data, made.synthetic, generator_facts(made), claim=made.claim, training_table=training
    )
    write_bytes(folder / name, data)
    write_bytes(folder / f"{name}.label.json", text.model_dump_json().encode())
    assert isinstance(made.claim, DpClaim)
    return folder / name, made.claim


def test_an_audit_takes_the_claim_from_the_label_of_the_very_bytes(tmp_path: Path) -> None:
    table, claim = labelled(tmp_path)
    facts, found = origin([table], "hmac:t")
    assert found == claim and facts.synthesizer == "coin"
    facts, _ = origin([table], "hmac:other rows")
    assert any("another training table" in note for note in facts.notes)
    table.write_bytes(table.read_bytes() + b"F\n")  # a row more: not what was labelled
    assert label_of(table) is None
    facts, found = origin([table], "hmac:t")
    assert found.kind == "none" and facts.synthesizer == "made elsewhere"


def test_claims_of_tables_audited_together_add_up(tmp_path: Path) -> None:
    one, _ = labelled(tmp_path, "one.csv")
    two, _ = labelled(tmp_path, "two.csv")
    _, both = origin([one, two], "hmac:t")
    assert isinstance(both, DpClaim) and 1.2 < both.epsilon < 2.0
    (tmp_path / "two.csv.label.json").unlink()
    assert origin([one, two], "hmac:t")[1].kind == "none"


def test_progress_ends_whole() -> None:
    seen: list[float] = []
    generate_private(
        COIN, people(), 10, Privacy(Budget(1.0)), progress=lambda _, done: seen.append(done)
    )
    assert seen == sorted(seen) and seen[-1] == 1.0
    assert silent("nothing", 0.0) is None
