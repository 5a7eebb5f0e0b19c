"""What the report says of a privacy claim, and that it prints none which does not hold."""

import io
import os
import re
import runpy
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import report_example as example

from privsynth.audit.implied import implied
from privsynth.errors import IntegrityError
from privsynth.evidence import Bundle, EpsilonBound, read_bundle, to_json
from privsynth.privacy import Budget, DpClaim, recompute
from privsynth.report import claim as words
from privsynth.report import figures, html, render

GOLDEN = Path(__file__).parent / "golden" / "report" / "dp"
ACCEPT = os.environ.get("PRIVSYNTH_ACCEPT") == "1"
CLAIM = example.dp_claim()
READ = CLAIM.model_copy(
    update={
        "unaccounted": ("bounds or categories were read from the rows: 'age'",),
        "domain": {"age": "read", "sex": "declared"},
    }
)
VAE = example.dp_claim(Budget(3.0, 1e-5), "vae")
ENTITY = example.dp_claim(Budget(1.0, 1e-5, unit="entity", rows_per_unit=3))
EXCHANGED = example.dp_claim(Budget(1.0, 1e-5, neighbours="replace_one"))
CASES: dict[str, Bundle] = {
    "none": example.bundle("pass"),
    "tan": example.private("pass"),
    "vae": example.private("pass", VAE),
    "entity": example.private("pass", ENTITY),
    "exchanged": example.private("pass", EXCHANGED),
    "read": example.private("pass", READ),
    "contradicted": example.private("fail"),
    "stated": example.private("pass", example.stated_claim()),
}


CASES = {name: bundle.model_copy(update={"probes": ()}) for name, bundle in CASES.items()}
"""Without probes, whose figures take a second each and are tested elsewhere."""


def section(bundle: Bundle, slug: str = "dp") -> str:
    """Return one section of the HTML edition, without what matplotlib drew."""
    parts, appendices = html.sections(example.report(bundle, None), "html")
    body = next(str(part.body) for part in (*parts, *appendices) if part.slug == slug)
    body = re.sub(r"(</title>).*?(</svg>)", r"\1\2", body, flags=re.DOTALL)
    return re.sub(r'<svg [^>]*viewBox="[^"]*"[^>]*>', "<svg>", body)


def prose(bundle: Bundle, slug: str = "dp") -> str:
    """Return the words of a section, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", section(bundle, slug)))


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_as_it_was_accepted(case: str) -> None:
    body, path = section(CASES[case]), GOLDEN / f"{case}.html"
    if ACCEPT:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
    assert body == path.read_text(encoding="utf-8"), f"{path.name}: see it, then `make accept`"


@pytest.mark.parametrize("case", CASES)
def test_every_claim_has_the_words_that_it_may_have_and_no_others(case: str) -> None:
    said = prose(CASES[case])
    assert ("NOT end-to-end DP" in said) == (case in ("read", "stated"))
    assert ("not verified here" in said) == (case == "stated")
    assert ("None claimed" in said) == (case == "none")
    assert ("never confirm it" in said) == (case != "none")
    assert ("Every look at the real rows is booked" in said) == (
        case in ("tan", "vae", "entity", "exchanged", "contradicted")
    )
    assert ("Above the ceiling" in said) == (case == "contradicted")


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("none", "none claimed"),
        ("tan", "epsilon 1, delta 1e-05 per row"),
        ("entity", "epsilon 1, delta 1e-05 per entity"),
        ("read", "NOT end-to-end DP (claims epsilon 1)"),
        ("stated", "NOT end-to-end DP (producer states epsilon 3, not verified)"),
        ("contradicted", "CONTRADICTED by an attack (claims epsilon 1)"),
    ],
)
def test_the_first_page_says_what_is_claimed(case: str, said: str) -> None:
    assert words.guarantee(CASES[case]) == said
    first = prose(CASES[case], "decision")
    assert f"Formal guarantee {said} " in first
    assert ("No formal privacy guarantee" in prose(CASES[case], "system")) == (case == "none")
    assert ("A claim of differential privacy" in prose(CASES[case], "residual")) == (case != "none")
    assert ("Ceiling of a claim" in prose(CASES[case], "methods")) == (case != "none")


def test_a_statement_without_a_known_gap_is_still_not_verified() -> None:
    told = example.stated_claim().model_copy(update={"unaccounted": ()})
    bundle = CASES["tan"].model_copy(update={"claim": told, "mechanism_audit": None})
    assert words.guarantee(bundle) == "stated by the producer: epsilon 3, not verified"
    assert "impossible: the statement came without a ledger" in prose(bundle)
    more = told.model_copy(update={"recomputed": 4.0})
    assert "More than was stated" in prose(bundle.model_copy(update={"claim": more}))


def test_an_epsilon_that_says_little_is_called_so() -> None:
    large = CASES["tan"].model_copy(update={"claim": CLAIM.model_copy(update={"epsilon": 11.0})})
    assert "Epsilon is above 10" in prose(large) and "Epsilon is above" not in prose(CASES["tan"])


def test_a_refuted_mechanism_is_named_first() -> None:
    bundle = CASES["tan"].model_copy(update={"mechanism_audit": example.mechanism_audit(1.7)})
    assert words.guarantee(bundle) == "REFUTED by its mechanism audit (claims epsilon 1)"
    said = prose(bundle)
    assert "Refuted: the mechanism audit found more" in said.replace(" :", ":").replace("</b>", "")
    drawing = figures.epsilons(bundle)
    assert drawing is not None and "refutes its claim" in drawing.title
    assert "4,000 runs" in prose(bundle, "threats")


def test_the_figure_has_every_epsilon_in_words() -> None:
    drawing = figures.epsilons(CASES["tan"])
    assert drawing is not None and figures.epsilons(CASES["none"]) is None
    for part in ("Claimed: one row present or absent 1,", "exchanged, as in attacks 1.5", "0.62"):
        assert part in drawing.alternative
    assert "which does not confirm it." in drawing.title
    untested = CASES["tan"].model_copy(update={"implied": (), "mechanism_audit": None})
    drawing = figures.epsilons(untested)
    assert drawing is not None and drawing.title == "Epsilon was claimed, and nothing tested it."
    alone = example.private("pass", EXCHANGED).model_copy(update={"implied": ()})
    assert next(bar.words for bar in words.bars(alone)) == "Claimed: one row exchanged"


def test_the_ledger_is_summed_by_mechanism() -> None:
    found = words.looks(CLAIM)
    assert [group.looks for group in found] == [1, 35, 17]
    assert sum(group.share or 0 for group in found) == pytest.approx(1)
    assert words.rho(EXCHANGED) == sum(e.rho_replace_one for e in EXCHANGED.events)  # type: ignore[union-attr]
    steps = words.looks(VAE)[-1]
    assert (steps.looks, steps.share) == (500, None)
    assert "share of 0.02 of the rows" in steps.detail


def test_people_of_several_rows_are_not_compared_with_the_ceiling_of_a_row() -> None:
    bundle = CASES["contradicted"]
    train = bundle.tables["train"].model_copy(update={"rows": 9000})
    several = bundle.model_copy(update={"tables": {**bundle.tables, "train": train}})
    assert "✗ above" in prose(bundle) and "✗ above" not in prose(several)
    assert "Not comparable" in prose(several)
    assert implied(bundle.headline, CLAIM, train) == ()
    assert len(implied(bundle.headline, ENTITY, train)) == 3


def test_what_a_headline_implies_is_exact_for_known_rates() -> None:
    found = {
        bound.name: bound
        for bound in implied(
            CASES["contradicted"].headline, CLAIM, example.bundle().tables["train"]
        )
    }
    entry = CASES["contradicted"].headline["tpr_at_fpr_0.01"].estimate
    assert entry.low == 0.1385
    assert found["tpr_at_fpr_0.01"].epsilon == pytest.approx(2.6282, abs=1e-4)  # ln(13.849)
    assert found["auc"].epsilon == pytest.approx(0.7869, abs=1e-4)  # ln(.68719 / .3128)
    assert found["auc"].level == 0.95
    assert implied(CASES["none"].headline, CASES["none"].claim, CASES["none"].tables["train"]) == ()
    low = CASES["none"].headline["auc"].estimate.model_copy(update={"low": 0.3})
    entry_low = {"auc": CASES["none"].headline["auc"].model_copy(update={"estimate": low})}
    assert implied(entry_low, CLAIM, example.bundle().tables["train"])[0].epsilon == 0.0


@pytest.mark.parametrize("claim", [CLAIM, VAE, EXCHANGED], ids=["tan", "vae", "exchanged"])
def test_the_printed_lines_compute_epsilon_from_the_evidence_alone(
    claim: DpClaim,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evidence.json").write_text(to_json(example.private("pass", claim)))
    lines = words.script(claim)
    assert "privsynth" not in lines
    Path("again.py").write_text(lines)
    runpy.run_path("again.py")
    printed = float(capsys.readouterr().out)
    assert printed == pytest.approx(claim.spent, abs=1e-9)
    assert printed <= claim.epsilon * (1 + 1e-9)
    assert read_bundle(Path("evidence.json")).claim == claim


def test_the_lines_are_few_where_the_ledger_is_plain() -> None:
    plain = CLAIM.model_copy(update={"events": CLAIM.events[1:]})
    assert len(words.script(plain).splitlines()) == 6 and "sum(" not in words.script(plain)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"epsilon": 0.5}, "above the 0.5 claimed"),
        ({"events": CLAIM.events[:-1]}, "not to the ledger's"),
        ({"delta": 1e-7}, "above the 1 claimed"),
        ({"events": (CLAIM.events[-1].model_copy(update={"rho": 1e-6}),)}, "books less"),
    ],
)
def test_no_report_is_written_of_a_claim_that_its_ledger_does_not_support(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    broken = CASES["tan"].model_copy(update={"claim": CLAIM.model_copy(update=change)})
    with pytest.raises(IntegrityError, match=says):
        report = example.report(broken, None)
        render(report, pdf=tmp_path / "r.pdf", html=tmp_path / "r.html")
    assert os.listdir(tmp_path) == []
    assert recompute(CLAIM).problems == ()


def test_a_claim_with_hostile_names_is_printed_and_does_nothing(tmp_path: Path) -> None:
    bundle, verdict = example.hostile()
    texts = tuple(example.HOSTILE.values())
    events = tuple(event.model_copy(update={"what": texts[0]}) for event in CLAIM.events)
    claim = CLAIM.model_copy(
        update={
            "mechanism": texts[0], "unaccounted": texts, "not_covered": texts, "events": events,
        }
    )  # fmt: skip
    audit = example.mechanism_audit().model_copy(
        update={
            "mechanism": texts[-1],
            "lower_bounds": (
                EpsilonBound(name=texts[3], epsilon=0.1, method=texts[2], level=0.95),
            ),
        }
    )
    nasty = bundle.model_copy(update={"claim": claim, "mechanism_audit": audit})
    report = example.report(nasty, verdict)
    render(report, pdf=tmp_path / "r.pdf", html=tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "<img" not in page and "<link" not in page and "\u202e" not in page
    with pikepdf.open(io.BytesIO((tmp_path / "r.pdf").read_bytes())) as document:
        first = document.Root.Outlines.First
        assert first.Next.Dest[0].objgen == document.pages[1].obj.objgen
        with document.open_metadata() as metadata:
            assert metadata.pdfa_status == "3A"


def test_the_first_page_of_a_held_table_without_its_guarantee_is_one_page(tmp_path: Path) -> None:
    claim = example.stated_claim().model_copy(update={"epsilon": 12.5})
    bundle = example.private("fail", claim)
    report = example.report(bundle, example.verdict(bundle, "fail"))
    render(report, pdf=tmp_path / "r.pdf", html=None)
    with pikepdf.open(tmp_path / "r.pdf") as document:
        first = document.Root.Outlines.First
        assert first.Next.Dest[0].objgen == document.pages[1].obj.objgen
    assert "epsilon 12.5" in prose(bundle.model_copy(update={"probes": ()}))
