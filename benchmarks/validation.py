"""What the attacks find on tables that others made and published figures of.

``PRIVSYNTH_DATA`` names a folder with ``online-shoppers``, ``housing-mia``, ``midst-berka``,
``hepatitis`` and ``penguins``; ``docs/validation.md`` says where each comes from. A section whose
folder is missing is left as it was, and says so. Names as arguments measure those sections only.
"""

import datetime
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from lib import berka, housing, section, shoppers, small  # noqa: E402

SECTIONS = {
    "housing-mia": ("Synth-MIA housing", housing.run),
    "online-shoppers": ("online shoppers", shoppers.run),
    "midst-berka": ("MIDST bank transactions", berka.run),
    "hepatitis": ("hepatitis", small.hepatitis),
    "penguins": ("penguins", small.penguins),
}
PAGE = ROOT / "docs" / "validation.md"
FIGURES = Path(__file__).with_suffix(".json")


def main() -> None:
    """Write ``validation.json`` and the blocks of ``docs/validation.md``."""
    given = os.environ.get("PRIVSYNTH_DATA")
    if not given:
        print("skipped: PRIVSYNTH_DATA names no folder", file=sys.stderr)
        return
    done = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    today = datetime.date.today().isoformat()
    for name in sys.argv[1:] or SECTIONS:
        folder = Path(given) / name
        if not folder.is_dir():
            print(f"{name}: no such folder; its section stays as it was", file=sys.stderr)
            if name in done:
                done[name]["left"] = f"no folder {name} on {today}"
            continue
        started = time.perf_counter()
        found = SECTIONS[name][1](folder)
        seconds = round(time.perf_counter() - started)
        done[name] = {"date": today, "seconds": seconds, **found}
        held = [one["held"] for one in found["expected"]]
        print(f"{name}: {sum(held)} of {len(held)} expectations held, {seconds} s", file=sys.stderr)
        write(done)
    write(done)


def write(done: dict[str, section.Section]) -> None:
    """Write figures and page; what was not measured keeps its block."""
    FIGURES.write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n")
    text = PAGE.read_text()
    titles = {name: title for name, (title, _) in SECTIONS.items()}
    text = section.place(text, "summary", section.summary(done, titles))
    for name, found in done.items():
        text = section.place(text, name, section.block(name, found))
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
