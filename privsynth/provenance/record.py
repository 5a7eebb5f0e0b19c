"""What the public descriptions of a release are made of: its record, and what people state."""

import json
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from privsynth.errors import IntegrityError
from privsynth.evidence import Bundle, Model
from privsynth.policy import Verdict
from privsynth.provenance.label import Label
from privsynth.report.details import Details

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
WORDS = {
    "pass": "✓ RELEASE",
    "pass_with_waivers": "◐ RELEASE WITH WAIVERS",
    "fail": "✗ HOLD",
    "inconclusive": "? INCONCLUSIVE, which blocks the release",
}


class Told(Model):
    """What people state about a release, as far as it travels with the public descriptions."""

    organisation: str = ""
    contact: str = ""
    dataset: str = ""
    source: str = ""
    intended_uses: tuple[str, ...] = ()
    excluded_uses: tuple[str, ...] = ()
    data_classes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    valid_until: str = ""


@dataclass(frozen=True)
class Record:
    """One release: its label, the recipient's evidence, the decision, its date, its file's size.

    ``created`` is the date of the report, ISO 8601.
    """

    label: Label
    bundle: Bundle
    verdict: Verdict
    created: str
    size: int
    told: Told = field(default_factory=Told)

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of every released column, "" where the evidence does not know it."""
        known = {column.name: column.kind for column in self.bundle.columns}
        return {name: known.get(name, "") for name in self.label.columns}

    @property
    def decision(self) -> str:
        """The decision in a mark and words."""
        return WORDS.get(self.verdict.status, self.verdict.status)

    @property
    def limits(self) -> tuple[str, ...]:
        """What the decision does not say, whatever it says."""
        what = "this way of making tables" if self.bundle.mechanism else "this file"
        return (
            "Tests give lower bounds on leakage: what they did not detect may still be there; "
            "stronger attacks may exist.",
            f"Results hold for {what}, the attackers that were tried and this date.",
            "Legal status is for the controller of the data; every limit is a policy choice.",
            "No attack with access to the generator was run: neither it nor its seed or model may "
            "be shared.",
        )

    @property
    def made_by(self) -> str:
        """The generator with its version, as the label names them."""
        name = "" if self.label.generator is None else self.label.generator.synthesizer
        version = self.label.generator_version
        return f"{name or 'a generator that is not named'}{f' ({version})' if version else ''}"

    @property
    def worst(self) -> str:
        """The worst attack in one sentence, with its interval, how often, and what chance gives."""
        entry = self.bundle.headline.get("auc")
        if entry is None:
            return "No attack gave an estimate."
        one = entry.estimate
        side = (1 + one.confidence) / 2
        return (
            f"The worst of {entry.n_scores} attack scores reached AUC {one.value:.3f} over "
            f"{one.n:,} units (one-sided {100 * side:g} % bounds {one.low:.3f} and "
            f"{one.high:.3f}; 0.5 is chance)."
        )

    @property
    def guarantee(self) -> str:
        """What is claimed of differential privacy, in one sentence."""
        claim = self.label.claim
        if claim.kind == "none":
            return "No differential privacy is claimed."
        said = f"epsilon {claim.epsilon:g} at delta {claim.delta:g}"
        if claim.kind == "dp":
            whose = f"for one {claim.unit} ({claim.neighbours}), recomputable from the ledger"
            whole = "" if claim.end_to_end else "; it is NOT end-to-end"
            return f"Differential privacy is claimed: {said} {whose}{whole}."
        return f"Its maker states differential privacy: {said}; nothing here verifies it."


def told_of(details: Details) -> Told:
    """Return what travels of the details that people stated for a report."""
    scope, until = details.scope, details.valid_until
    return Told(
        organisation=details.organisation,
        contact=details.contact,
        dataset=scope.dataset,
        source=details.system.source,
        intended_uses=scope.intended_uses,
        excluded_uses=scope.excluded_uses,
        data_classes=scope.data_classes,
        conditions=details.conditions,
        valid_until="" if until is None else until.isoformat(),
    )


def created_of(folder: Path) -> str:
    """Return when the report of a release folder was made; ``IntegrityError`` if it is unsaid."""
    try:
        found: Any = json.loads((folder / "run.json").read_bytes())["created"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        found = None
    if not isinstance(found, str):
        raise IntegrityError(f"{folder / 'run.json'} does not say when the release was made")
    return found


def visible(text: object, limit: int = 800) -> str:
    """Return foreign text on one line, NFC, at most ``limit`` characters, with nothing hidden.

    Control, format, private and unassigned characters become ``⟨U+XXXX⟩``.
    """
    whole = " ".join(unicodedata.normalize("NFC", str(text)[: 4 * limit]).split())
    shown = "".join(
        f"⟨U+{ord(char):04X}⟩" if unicodedata.category(char) in HIDDEN else char for char in whole
    )
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
