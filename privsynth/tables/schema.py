"""What each column is, and what is publicly known of it: kinds, bounds, categories."""

import datetime
import math
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from privsynth.errors import InputError, nearest_name
from privsynth.tables.yaml_file import load_yaml

Kind = Literal["numeric", "integer", "categorical", "ordinal", "boolean", "datetime", "id", "text"]
KINDS: tuple[Kind, ...] = (
    "numeric", "integer", "categorical", "ordinal", "boolean", "datetime", "id", "text",
)  # fmt: skip
ORDERED: frozenset[str] = frozenset({"numeric", "integer", "datetime"})
UNREAD: frozenset[str] = frozenset({"id", "text"})
M = TypeVar("M", bound=BaseModel)


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def microsecond(text: str) -> float:
    """Return an ISO date in microseconds since 1970, in UTC where it names no zone."""
    short = {4: "-01-01", 7: "-01"}.get(len(text), "")
    try:
        stamp = datetime.datetime.fromisoformat(text + short)
    except ValueError:
        raise ValueError("low and high of a datetime must be ISO dates, as 2017-01-31") from None
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=datetime.UTC)
    return float((stamp - _EPOCH) // datetime.timedelta(microseconds=1))


def _end(end: Any, kind: Any) -> float | str:
    if kind == "datetime":
        return str(end).strip()
    try:
        return float("nan") if isinstance(end, bool) else float(end)
    except (TypeError, ValueError):
        raise ValueError("low and high must be finite numbers") from None


class Column(BaseModel):
    """One column: its kind, and the domain that is publicly known of it.

    ``low`` and ``high`` are numbers, or ISO dates for a datetime. ``categories`` are the texts that
    may occur, in order for an ordinal. ``inferred`` names the entries that were read from the data:
    those are not public. ``reason`` says where a declared domain comes from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Kind
    low: float | str | None = None
    high: float | str | None = None
    categories: tuple[str, ...] | None = None
    decimals: int | None = Field(None, ge=0, le=15, description="decimals a numeric value has")
    nullable: bool | None = Field(None, description="whether cells may be empty")
    format: str | None = Field(None, description="strptime format of a datetime that is not ISO")
    unit: str | None = None
    reason: str | None = None
    inferred: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, raw: Any) -> Any:
        # YAML reads 1 and true as a number and a boolean; here they are texts, and texts are
        # stripped as those of a table are.
        if isinstance(raw, dict):
            raw = dict(raw)
            if isinstance(raw.get("categories"), list | tuple):
                listed = raw["categories"]
                raw["categories"] = tuple(c if c is None else str(c).strip() for c in listed)
            for end in ("low", "high"):
                if raw.get(end) is not None:
                    raw[end] = _end(raw[end], raw.get("kind"))
            if isinstance(raw.get("name"), str | int | float):
                raw["name"] = str(raw["name"]).strip()
        return raw

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.categories is not None and self.kind not in ("categorical", "ordinal"):
            raise ValueError(f"a column of kind {self.kind} takes no categories")
        if self.kind == "ordinal" and not self.categories:
            raise ValueError("an ordinal column needs its categories, in order")
        if self.categories is not None and len(set(self.categories)) < max(len(self.categories), 1):
            raise ValueError("categories must be at least one, and each listed once")
        if (self.low is not None or self.high is not None) and self.kind not in ORDERED:
            raise ValueError(f"a column of kind {self.kind} takes no low or high")
        if self.decimals is not None and self.kind != "numeric":
            raise ValueError(f"a column of kind {self.kind} takes no decimals")
        if self.format is not None and self.kind != "datetime":
            raise ValueError("only a datetime takes a format")
        low, high = self.ends
        if low is not None and high is not None and not low < high:
            raise ValueError("low must be below high")
        return self

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """The declared bounds as numbers, datetimes in microseconds since 1970."""
        return self._number(self.low), self._number(self.high)

    def _number(self, end: float | str | None) -> float | None:
        if isinstance(end, str):
            return microsecond(end)
        if end is not None and not math.isfinite(end):
            raise ValueError("low and high must be finite numbers")
        return end

    @property
    def is_read(self) -> bool:
        """Whether distances and attacks read this column (ids and free text they do not)."""
        return self.kind not in UNREAD

    @property
    def has_declared_domain(self) -> bool:
        """Whether a person declared what values may occur, so that rows need not be asked."""
        bounds = self.low is not None and self.high is not None
        domain = bounds or self.categories is not None or self.kind == "boolean"
        own = {"low", "high", "categories"} if self.kind != "boolean" else {"kind"}
        return domain and not own & set(self.inferred)


_ROLES = ("secrets", "quasi_identifiers", "subgroups")


class Schema(BaseModel):
    """The columns of a table, in order, with the entity and target columns where there are any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[Column, ...]
    entity: str | None = Field(None, description="column that names the person a row belongs to")
    target: str | None = Field(None, description="column that a model would predict")
    secrets: tuple[str, ...] = Field((), description="columns an attacker would like to infer")
    quasi_identifiers: tuple[str, ...] = Field((), description="columns an attacker may know")
    subgroups: tuple[str, ...] = Field((), description="categories to be protected on their own")
    note: str | None = None

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"columns declared twice: {', '.join(map(repr, twice))}")
        for role in ("entity", "target"):
            chosen = getattr(self, role)
            if chosen is not None and chosen not in names:
                raise ValueError(f"{role}: {chosen!r} is not a declared column")
        for role in _ROLES:
            for chosen in getattr(self, role):
                if chosen not in names or self[chosen] not in self.read:
                    raise ValueError(f"{role}: {chosen!r} is not a column that attacks read")
        for chosen in self.subgroups:
            if self[chosen].kind not in ("categorical", "ordinal", "boolean"):
                raise ValueError(f"subgroups: {chosen!r} is not categorical, ordinal or boolean")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every column name, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def read(self) -> tuple[Column, ...]:
        """The columns that distances and attacks read: all but ids, free text and the entity."""
        return tuple(c for c in self.columns if c.is_read and c.name != self.entity)

    @property
    def ignored(self) -> tuple[Column, ...]:
        """The columns that nothing compares: ids, free text and the entity column."""
        return tuple(c for c in self.columns if not c.is_read or c.name == self.entity)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def without(self, names: set[str]) -> "Schema":
        """Return the schema of a table that lacks these columns."""
        kept = tuple(column for column in self.columns if column.name not in names)
        return Schema(
            columns=kept,
            entity=None if self.entity in names else self.entity,
            target=None if self.target in names else self.target,
            note=self.note,
            **{role: tuple(c for c in getattr(self, role) if c not in names) for role in _ROLES},
        )


def read_schema(path: Path) -> Schema:
    """Return the schema in a YAML file; ``InputError`` says which entry is wrong and how."""
    return from_yaml(Schema, path, "schema")


def dump_schema(schema: Schema) -> str:
    """Return the schema as YAML that ``read_schema`` takes, one short block a column."""
    raw = schema.model_dump(exclude_none=True, exclude_defaults=True)
    raw["columns"] = [
        {k: list(v) if isinstance(v, tuple) else v for k, v in column.items()}
        for column in raw["columns"]
    ]
    columns = raw.pop("columns")
    head = yaml.safe_dump(raw, sort_keys=False, allow_unicode=True) if raw else ""
    blocks = (
        yaml.safe_dump([c], sort_keys=False, allow_unicode=True, width=100, default_flow_style=None)
        for c in columns
    )
    return head + "columns:\n" + "".join(blocks)


def from_yaml(model: type[M], path: Path, what: str) -> M:
    """Return a validated model from a YAML file; ``InputError`` names each wrong entry."""
    return validated(model, load_yaml(path, what), f"{what} file {path}")


def validated(model: type[M], raw: Any, where: str) -> M:
    """Return ``model`` built from ``raw``; ``InputError`` lists what is wrong and where."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        lines = [_explain(item, model, raw) for item in error.errors(include_url=False)[:5]]
        raise InputError(f"{where}: " + "; ".join(lines)) from None


def _explain(item: Any, model: type[BaseModel], raw: Any) -> str:
    trail = ".".join(str(step) for step in item["loc"])
    entry = raw
    for step in item["loc"][:2]:
        entry = entry[step] if isinstance(entry, list | dict) and _has(entry, step) else None
    name = entry.get("name") if isinstance(entry, dict) else None
    label = f"{trail} (column {name!r})" if name else trail
    if item["type"] == "extra_forbidden":
        parent, known = trail.rpartition(".")[0], list(model.model_fields)
        if parent.startswith("columns"):
            known = list(Column.model_fields)
        return f"{label}: unknown key{nearest_name(str(item['loc'][-1]), known)}"
    message = item["msg"].removeprefix("Value error, ")
    return f"{label}: {message}" if label else message


def _has(container: Any, step: Any) -> bool:
    if isinstance(container, dict):
        return step in container
    return isinstance(step, int) and step < len(container)
