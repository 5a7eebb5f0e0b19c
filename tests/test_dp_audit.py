"""The mechanism audit: it refutes planted bugs, keeps silent on honest noise, and can be resumed.

Re-trainings draw from the operating system, so that every run of a test has other draws: each says
how often it fails by chance.
"""

import json
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from privsynth import synthesizers
from privsynth.audit import mechanism as room
from privsynth.audit.mechanism import DpAudit, Mechanism, audit_mechanism, canaries, runs
from privsynth.audit.mechanism.audit import _claimed, _view
from privsynth.audit.mechanism.game import OUTLIER, SCHEMA, neighbours
from privsynth.audit.mechanism.tape import FARTHEST, Recorder, Replay, Replayed, ratio
from privsynth.cli.dp_audit import dp_audit as verb
from privsynth.errors import InputError
from privsynth.privacy import Budget, DpSgd, Ledger, prove, recompute
from privsynth.privacy.domain import domain_of
from privsynth.statistics import gdp_delta, gdp_mu


class Halved(Ledger):
    """The planted bug: half of the noise that is booked."""

    def histogram(self, counts: Any, what: str, rho: float) -> Any:
        exact = np.asarray(counts, np.int64)
        return exact + np.rint((super().histogram(exact, what, rho) - exact) / 2).astype(np.int64)


class Forgotten(Ledger):
    """The planted bug: books the noise and does not draw it."""

    def histogram(self, counts: Any, what: str, rho: float) -> Any:
        super().histogram(counts, what, rho)
        return np.asarray(counts, np.int64)


@dataclass(frozen=True)
class Shares:
    edges: Any
    weights: tuple[Any, Any]

    def sample(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        cells, groups = (rng.choice(len(w), n, p=w) for w in self.weights)
        return pd.DataFrame({
            "amount": rng.uniform(self.edges[cells], self.edges[cells + 1]),
            "visits": np.full(n, 1),
            "group": np.array(list("abcd"), dtype=object)[groups],
            "outcome": np.array(["no"] * n, dtype=object),
        })  # fmt: skip


@dataclass(frozen=True)
class Counting:
    """Two histograms and a choice, through the ledger; ``peeks``: bounds read from the rows."""

    peeks: bool = False
    name: str = "counting"
    options: Any = field(default_factory=lambda: MappingProxyType({}))

    def learn(self, train: Any, domain: Any, noise: Any, rng: Any, progress: Any) -> Shares | None:
        if "code" in train.frame:
            return Codes().learn(train, domain, noise, rng, progress)
        amounts = train.frame["amount"].to_numpy()
        low, high = (amounts.min(), amounts.max()) if self.peeks else (0.0, 1000.0)
        edges = np.linspace(low, high, 9)
        rho = noise.remaining
        counts = (
            np.histogram(amounts, edges)[0],
            train.frame["group"].value_counts().reindex(list("abcd"), fill_value=0).to_numpy(),
        )
        asked = zip(counts, ("amount", "group"), strict=True)
        noisy = [noise.histogram(c, what, 0.45 * rho) for c, what in asked]
        noise.select(np.array([1.0, counts[0][-1]]), "choice", 0.0999 * rho)
        weights = [np.maximum(c, 0) + 1e-9 for c in noisy]
        return Shares(edges, tuple(w / w.sum() for w in weights))


@dataclass(frozen=True)
class Peeking:
    """A synthesizer whose bounds of numbers are those of the rows."""

    maker: Any

    @property
    def name(self) -> str:
        return str(self.maker.name)

    @property
    def options(self) -> Any:
        return self.maker.options

    def learn(self, train: Any, domain: Any, *rest: Any, **options: Any) -> Any:
        found = [
            column
            if column.categories
            else replace(
                column,
                low=float(train.frame[column.name].min()),
                high=float(train.frame[column.name].max()),
            )
            for column in domain
        ]
        return self.maker.learn(train, tuple(found), *rest, **options)


def counting(epsilon: float = 3, ledger: Any = Ledger, **how: Any) -> Mechanism:
    return Mechanism(Counting(**how), {}, Budget(epsilon), ledger)


@pytest.fixture
def few_canaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canaries, "CANARIES", 20)


# --- likelihoods --------------------------------------------------------------------------------


def test_the_ratio_of_a_histogram_is_that_of_its_noise():
    """By hand: the cell that the outlier adds one to, at -1/2, over the variance of its noise."""
    recorder = Recorder(Ledger(Budget(3)))
    answer = recorder.histogram(np.array([5, 0, 2]), "x", 0.1)
    found = []
    for counts in ([5, 1, 2], [5, 0, 2]):
        replay = Replay(recorder)
        with pytest.raises(Replayed):
            replay.histogram(np.array(counts), "x", 0.1)
        found.append(replay)
    variance = 1 / (2 * 0.1)
    expected = pytest.approx((answer[1] - 0.5) / variance)
    assert ratio(*found) == ratio(*found, gaussian=True) == expected
    assert ratio(found[0], recorder) == expected
    assert recorder.rho == pytest.approx(0.1)


def test_the_likelihoods_of_all_choices_add_up_to_one():
    """And each is as often chosen as it says: 6 standard deviations of 2,000 draws, 2e-9."""
    scores, drawn = np.array([0.0, 2.0, 1.0]), np.zeros(3)
    for _ in range(2000):
        recorder = Recorder(Ledger(Budget(30)))
        drawn[recorder.select(scores, "choice", 0.5)] += 1
    ((given, exact),) = recorder.asked
    likely = np.exp([replace(given, answer=i).log_likelihood(exact) for i in range(3)])
    assert likely.sum() == pytest.approx(1)
    assert np.abs(drawn - 2000 * likely).max() < 6 * np.sqrt(2000 * 0.25)


def test_a_table_that_would_have_been_asked_something_else_is_ruled_out():
    recorder = Recorder(Ledger(Budget(3)))
    recorder.histogram(np.array([1, 2]), "x", 0.01)
    recorder.histogram(np.array([1, 2]), "y", 0.01)
    true, other = Replay(recorder), Replay(recorder)
    true.histogram(np.array([1, 2]), "x", 0.01)
    for replay, what in ((true, "y"), (other, "z")):
        with pytest.raises(Replayed):
            replay.histogram(np.array([1, 2]), what, 0.01)
    assert ratio(true, other) == FARTHEST
    assert ratio(other, recorder, gaussian=True) == -FARTHEST
    assert ratio(other, other) == ratio(true, recorder) == 0


def test_the_ratio_of_the_released_answers_is_as_good_as_theory_allows():
    """Two histograms, each moved by one row in one cell: mu-GDP with mu^2 twice their rho.

    AUC of two Gaussians: Phi(mu / root 2), the choice aside. 6 standard errors of 150 + 150 runs.
    """
    mechanism = counting(8)
    found = [runs.run(mechanism, number) for number in range(300)]
    ins, outs = (np.array([r.ratio for r in found if r.inside is side]) for side in (True, False))
    seen = (ins[:, None] > outs[None, :]).mean()
    rho = Ledger(Budget(8)).remaining
    least, most = (norm.cdf(np.sqrt(2 * share * rho) / np.sqrt(2)) for share in (0.9, 1.0))
    assert least - 6 * 0.025 < seen < most + 6 * 0.025


def test_neighbours_differ_by_the_outlier_alone():
    without, with_it = neighbours()
    assert with_it.frame.iloc[:-1].equals(without.frame)
    assert with_it.frame.iloc[-1].to_dict() == OUTLIER
    assert all(column.has_declared_domain for column in SCHEMA.columns)


# --- the whole audit ------------------------------------------------------------------------------


def test_an_honest_mechanism_stays_within_its_profile(tmp_path, few_canaries):
    """Refuted in 5 % of calls at most, by the level; the margins above 0.2 in less than 1e-6.

    A margin of 0 is 2.3 standard errors (0.1 at most, of 48 + 48 runs) off, one of 0.2 over 5.
    """
    found = audit_mechanism(counting(), 60, tmp_path / "runs")
    assert all(view.margin < 0.2 for view in found.views)
    assert [v.name for v in found.views] == ["noise", "released answers", "synthetic table"]
    assert found.refuted is any(view.refuted for view in found.views)
    assert not found.problems and not found.notes
    assert "refute" in found.statement and "none can confirm" in found.statement
    assert DpAudit.model_validate_json(found.model_dump_json()) == found
    inside = found.for_evidence()
    assert inside.runs == 96 and inside.refuted is found.refuted and len(inside.lower_bounds) == 7


@pytest.mark.parametrize("planted", [{"ledger": Forgotten}, {"peeks": True}])
def test_forgotten_noise_and_bounds_from_the_rows_are_refuted(planted, tmp_path, few_canaries):
    """The tables are told apart in nearly every run: margins of 0.39 to 0.73 in ten calls each."""
    found = audit_mechanism(counting(3, **planted), 80, tmp_path / "runs")
    assert found.refuted
    for view in found.views:
        assert view.refuted
    assert found.views[0].auc > 0.99 and found.views[0].epsilon_low > 2


def test_questions_that_the_rows_steer_are_told(tmp_path, few_canaries):
    """The planted bug: a histogram as long as the table, so that each table rules the other out."""

    class Long(Counting):
        def learn(self, train: Any, domain: Any, noise: Any, rng: Any, progress: Any) -> Any:
            noise.histogram(np.ones(len(train)), "rows", noise.remaining / 2)
            return super().learn(train, domain, noise, rng, progress)

    found = audit_mechanism(Mechanism(Long(), {}, Budget(3)), 60, tmp_path / "runs")
    assert found.refuted and "in 120 of 120 runs" in found.notes[0]


def test_halved_noise_is_refuted_by_the_likelihood_ratio():
    """At claimed 3, ideal runs, 1,000 and 1,000; measured: 1,000 of 1,000 halved, 0 of 1,000 true.

    Against the noise's own profile, with 70 % of the budget in it. The slow test has real fits.
    """
    rho = 0.7 * Ledger(Budget(3)).remaining
    rng, mu = np.random.default_rng(3), np.sqrt(2 * rho)
    inside = np.arange(2000) % 2 == 1
    profile = partial(gdp_delta, mu)
    seen = [
        _view("noise", rng.normal(factor * mu * inside, 1), inside, profile, 1e-5)
        for factor in (1, 2)
    ]
    assert [view.refuted for view in seen] == [False, True]


def test_an_epsilon_that_so_few_runs_cannot_refute_is_told(tmp_path, few_canaries):
    """At epsilon 40 even noise that was forgotten stays within the profile."""
    found = audit_mechanism(counting(40, Forgotten), 60, tmp_path / "runs")
    assert not any(view.can_refute for view in found.views if view.name != "noise")
    assert "nothing was tested there" in found.notes[0]
    assert all(view.can_refute for view in audit_mechanism(counting(3), 60, tmp_path / "r").views)


def test_the_claimed_profile_admits_what_a_gaussian_of_the_budget_does():
    ledger = Ledger(Budget(3))
    mu = np.sqrt(2 * ledger.remaining)
    epsilons = np.linspace(0, 6, 30)
    assert (_claimed(ledger, epsilons) >= gdp_delta(mu, epsilons)).all()
    assert _claimed(ledger, [3.0])[0] == pytest.approx(1e-5, rel=0.01)
    ledger.histogram(np.array([1]), "x", ledger.remaining / 3)
    assert _claimed(ledger, [3.0])[0] == pytest.approx(1e-5, rel=0.01)
    assert gdp_mu(3, 1e-5) > mu  # RDP is the looser of the two


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mst", "tan"])
@pytest.mark.parametrize("ledger", [Ledger, Halved])
def test_halved_noise_in_the_real_synthesizers_is_refuted_at_epsilon_3(name, ledger, tmp_path):
    """1,500 + 1,500 fits. With 1,000 + 1,000 of tan the margin was 0.14 if halved, else -0.07.

    Its standard deviation was 0.022 in either case: more than six of these from 0, 1e-9, and from
    0.06.
    """
    maker = synthesizers.catalogue()[name]
    mechanism = Mechanism(maker, dict(maker.options), Budget(3), ledger)
    found = audit_mechanism(mechanism, 1500, tmp_path / "runs", jobs=2)
    if ledger is Halved:
        assert found.views[0].name == "noise" and found.views[0].refuted and found.refuted
    else:
        assert max(view.margin for view in found.views) < 0.06
        assert not found.notes and not found.problems


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mst", "tan"])
def test_bounds_from_the_rows_in_the_real_synthesizers_are_refuted_at_epsilon_3(
    name, tmp_path, few_canaries
):
    """The counts of many cells differ, and so do the ends of the table: see the margins above."""
    maker = Peeking(synthesizers.catalogue()[name])
    found = audit_mechanism(Mechanism(maker, dict(maker.options), Budget(3)), 200, tmp_path / "r")
    assert found.refuted and all(view.refuted for view in found.views)


# --- one run ------------------------------------------------------------------------------------


def test_one_run_sees_forgotten_noise_and_claims_little_of_honest_noise(monkeypatch):
    """Without noise 100 of 100 guesses are right. Of honest ones, P(bound > 3) <= 1 %."""
    monkeypatch.setattr(canaries, "CANARIES", 300)
    monkeypatch.setattr(canaries, "GUESSED", 1 / 3)
    seen = canaries.one_run(Mechanism(Codes(), {}, Budget(3), Forgotten), 0.01)
    assert seen is not None and seen.correct == seen.guesses == 100
    assert seen.refuted and seen.epsilon_low > 3 and seen.epsilon_low_gdp > 3
    honest = canaries.one_run(Mechanism(Codes(), {}, Budget(3)), 0.01)
    assert honest is not None and not honest.refuted and honest.correct < 100


@dataclass(frozen=True)
class Codes:
    """One histogram of the categories of a column."""

    name: str = "codes"

    def learn(self, train: Any, domain: Any, noise: Any, rng: Any, progress: Any) -> None:
        wanted = list(domain[0].categories)
        counts = train.frame["code"].value_counts().reindex(wanted, fill_value=0).to_numpy()
        noise.histogram(counts, "code", noise.remaining)


def test_a_mechanism_without_a_histogram_has_no_audit_by_one_run():
    class Silent(Codes):
        def learn(self, *_: Any) -> None:
            return None

    assert canaries.one_run(Mechanism(Silent(), {}, Budget(3)), 0.01) is None


# --- the working file ---------------------------------------------------------------------------


def test_an_interrupted_audit_goes_on_where_it_was(tmp_path, few_canaries, monkeypatch):
    file, mechanism, calls = tmp_path / "runs", counting(), []
    real = runs.run

    def counted(mechanism: Mechanism, number: int) -> runs.Run:
        if len(calls) == 50:
            raise KeyboardInterrupt
        calls.append(number)
        return real(mechanism, number)

    monkeypatch.setattr(runs, "run", counted)
    with pytest.raises(KeyboardInterrupt):
        audit_mechanism(mechanism, 60, file)
    whole = file.read_text()
    file.write_text(whole[:-7])  # the last write did not end
    kept = len(whole[:-7].splitlines()) - 2
    monkeypatch.setattr(runs, "run", real)
    found = audit_mechanism(mechanism, 60, file)
    assert found.views[0].runs_in + found.views[0].runs_to_choose // 2 == 60
    lines = file.read_text().splitlines()
    assert sorted(json.loads(line)["number"] for line in lines[1:]) == list(range(120))
    assert lines[: kept + 1] == whole.splitlines()[: kept + 1]


def test_runs_of_another_audit_are_not_taken_up(tmp_path):
    file = tmp_path / "runs"
    runs.collect(counting(3), 1, file, {"epsilon": 3}, 1)
    with pytest.raises(InputError, match="another audit"):
        runs.collect(counting(1), 1, file, {"epsilon": 1}, 1)
    file.write_text(file.read_text() + "not json\n")
    with pytest.raises(InputError, match="damaged"):
        runs.collect(counting(3), 1, file, {"epsilon": 3}, 1)


def test_too_few_runs_are_refused(tmp_path):
    with pytest.raises(InputError, match="can refute nothing"):
        audit_mechanism(counting(), 49, tmp_path / "runs")


def test_workers_find_what_one_process_finds(tmp_path):
    """Two processes: every number once, in order, and both kinds of table."""
    maker = synthesizers.catalogue()["mst"]
    mechanism = Mechanism(maker, dict(maker.options), Budget(3))
    found = runs.collect(mechanism, 25, tmp_path / "runs", {}, 2)
    assert [one.number for one in found] == list(range(50))
    assert [one.inside for one in found] == [number % 2 == 1 for number in range(50)]
    assert all(len(one.table) == len(found[0].table) for one in found)


# --- what recomputing the ledger finds ------------------------------------------------------------


def claim_of(*events: Any, epsilon: float = 3) -> Any:
    ledger = Ledger(Budget(epsilon))
    ledger.histogram(np.array([3, 4]), "x", ledger.remaining / 2)
    ledger.events += events
    return prove(ledger, "planted", domain_of(SCHEMA))


def test_a_batch_that_is_used_twice_is_found_by_recomputing_the_ledger():
    """Each step looks at its batch twice, which the event says and the epsilon does not."""
    step = DpSgd(what="steps", sampling_rate=0.1, noise_multiplier=2, steps=50)
    honest = claim_of(step)
    assert honest.spent > claim_of().spent
    twice = honest.model_copy(update={"events": (*honest.events, step)})
    assert any("not to the ledger's" in problem for problem in recompute(twice).problems)


def test_a_wrong_delta_is_found_by_recomputing_the_ledger():
    ledger = Ledger(Budget(3))
    ledger.histogram(np.array([3, 4]), "x", ledger.remaining)
    claim = prove(ledger, "planted", domain_of(SCHEMA))
    assert recompute(claim).problems == ()
    wrong = claim.model_copy(update={"delta": 1e-9})
    assert any("above the 3 claimed" in problem for problem in recompute(wrong).problems)


def test_noise_that_is_booked_at_half_its_cost_is_found_by_recomputing_the_ledger():
    """The audit itself recomputes the ledger of one run."""

    class Cheap(Ledger):
        def histogram(self, counts: Any, what: str, rho: float) -> Any:
            answer = super().histogram(counts, what, rho)
            last = self.events[-1]
            self.events[-1] = last.model_copy(update={"rho": last.rho / 2})
            return answer

    _, problems = room.audit._ledger(counting(3, Cheap))
    assert any("books less than its noise" in problem for problem in problems)


# --- the verb -------------------------------------------------------------------------------------


@pytest.fixture
def called(tmp_path, monkeypatch, few_canaries, capsys):
    import typer
    from typer.testing import CliRunner

    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(verb)

    def call(*arguments: str) -> Any:
        base = ["--synthesizer", "mst", "--epsilon", "3", "--runs", "50", "--jobs", "1"]
        return CliRunner().invoke(app, [*base, *arguments])

    return call


def test_the_verb_writes_what_it_found_and_leaves_no_working_file(called, tmp_path):
    done = called("--json")
    assert done.exit_code == 0
    found = DpAudit.model_validate_json((tmp_path / "dp-audit.json").read_text())
    assert json.loads(done.stdout)["synthesizer"] == found.synthesizer == "mst"
    assert [path.name for path in tmp_path.iterdir()] == ["dp-audit.json"]


def test_the_verb_refuses_what_is_there_and_says_how_to_go_on(called, tmp_path):
    (tmp_path / "dp-audit.json.runs.jsonl").write_text("")
    done = called()
    assert isinstance(done.exception, InputError) and "--resume" in str(done.exception)
    (tmp_path / "dp-audit.json").write_text("{}")
    assert "exists already" in str(called("--resume").exception)
    assert "give one of them" in str(called("--resume", "--force", "--out", "new").exception)


def test_an_interrupted_verb_says_how_to_go_on_and_goes_on(called, tmp_path, monkeypatch):
    real, calls = runs.run, []

    def interrupted(mechanism: Mechanism, number: int) -> runs.Run:
        calls.append(number)
        if len(calls) == 2 * runs.BATCH + 1:
            raise KeyboardInterrupt
        return real(mechanism, number)

    monkeypatch.setattr(runs, "run", interrupted)
    done = called()
    assert done.exit_code != 0 and "--resume goes on with them" in done.stderr
    assert not (tmp_path / "dp-audit.json").exists()
    done = called("--resume")
    assert done.exit_code == 0 and "none can confirm one" in done.stderr
    assert len(calls) == 2 * runs.BATCH + 1 + 100 - 2 * runs.BATCH
    assert [path.name for path in tmp_path.iterdir()] == ["dp-audit.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--synthesizer", "bootstrap"), "not differentially private"),
        (("--synthesizer", "msst"), "did you mean 'mst'"),
        (("--epsilon", "0"), "above zero"),
        (("--delta", "2"), "between 0 and 1"),
        (("--option", "nothing=1"), "unknown option"),
    ],
)
def test_the_verb_says_what_cannot_be_audited(called, arguments, said):
    done = called(*arguments)
    assert isinstance(done.exception, InputError) and said in str(done.exception)
