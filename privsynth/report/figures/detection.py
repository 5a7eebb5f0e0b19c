"""What the audit sees: the AUC reached as ever more copies are planted."""

from typing import Any

from privsynth.evidence import Bundle
from privsynth.report.drawing import BLUE, DASHED, DOTTED, GREY, PAPER, VERMILLION, Drawing, draw
from privsynth.report.figures._marks import FILE
from privsynth.report.text import number, percent


def detection(bundle: Bundle) -> Drawing | None:
    """Return the AUC reached at each planted share of copies, and which were detected.

    None where the positive control did not run.
    """
    control = bundle.controls.get("positive")
    series = control.series if control is not None else {}
    if not {"shares", "auc", "detected"} <= set(series):
        return None
    points = list(zip(series["shares"], series["auc"], series["detected"], strict=True))
    limit = series.get("limit_auc")

    def paint(figure: Any) -> None:
        axis = figure.subplots()
        axis.plot(series["shares"], series["auc"], color=BLUE, linewidth=1.2, zorder=1)
        for which, words in ((True, "detected"), (False, "missed (hollow cross)")):
            places = [(share, auc) for share, auc, seen in points if seen == which]
            look: dict[str, Any] = (
                {"marker": "o", "mfc": BLUE} if which else {"marker": "X", "mfc": PAPER}
            )
            xs, ys = zip(*places, strict=True) if places else ((), ())
            axis.plot(xs, ys, linestyle="", color=BLUE, ms=6.5, label=words, **look)
        axis.axhline(0.5, color=GREY, linewidth=1.1, linestyle=DOTTED)
        if limit is not None:
            axis.axhline(limit, color=VERMILLION, linewidth=1.3, linestyle=DASHED)
        axis.set(xlabel="Share of the members copied into the table", ylabel="Largest AUC")
        axis.set_xticks(series["shares"], [percent(share) for share in series["shares"]])
        axis.margins(x=0.06, y=0.12)
        figure.legend(loc="outside upper left", ncols=2, borderpad=0)
        axis.grid(axis="y")

    seen = [share for share, _, was_seen in points if was_seen]
    found = f"{percent(min(seen))} of the members" if seen else "none of the planted shares"
    return draw(
        1.9,
        paint,
        name="detection",
        title=f"The smallest planted share of copies that was detected: {found}.",
        note="Copies of members were planted in the table, and all attacks ran again; detected by "
        "max-T over their scores. The dotted line is guessing"
        + (", the dashed line the policy's limit." if limit is not None else "."),
        alternative="AUC reached by planted share of copies: "
        + ", ".join(
            f"{percent(share)} {number(auc)} {'detected' if seen else 'missed'}"
            for share, auc, seen in points
        )
        + ".",
        data=f"{FILE}, controls, positive, series",
    )
