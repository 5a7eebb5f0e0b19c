"""``croissant.json``: the public description of a release, for search engines and loaders.

Sources: Croissant 1.1 (http://mlcommons.org/croissant/1.1), its RAI vocabulary 1.0, and W3C PROV-O
for where the table comes from. Keys of our own are ``privsynth:…``. Only names and kinds of columns
are told, never what occurs in them.
"""

import json
from typing import Any

from privsynth.provenance.lineage import Parent
from privsynth.provenance.record import Record

NAME = "croissant.json"
STATED = "privsynth:stated"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "privsynth": "urn:privsynth:",
    "privsynth:options": {"@id": "urn:privsynth:options", "@type": "@json"},
    STATED: {"@id": f"urn:{STATED}", "@type": "@json"},
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {
    "numeric": "sc:Float",
    "integer": "sc:Integer",
    "boolean": "sc:Boolean",
    "datetime": "sc:DateTime",
}
"""Of a column's kind; every other kind is text."""
FORMATS = {".parquet": "application/x-parquet", ".csv": "text/csv", ".csv.gz": "text/csv"}


def croissant(record: Record) -> bytes:
    """Return the file: canonical JSON in ASCII, without ``<``, ``>`` and ``&``.

    Such a description is often put into a web page as it stands, where those would end it.
    """
    text = json.dumps(document(record), indent=2, sort_keys=True, allow_nan=False) + "\n"
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode("ascii")


def document(record: Record) -> dict[str, Any]:
    """Return the description of a release as a JSON-LD document."""
    label, told = record.label, record.told
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": record.bundle.name,
        "description": _description(record),
        "url": f"urn:privsynth:table:{label.logical_digest}",
        "license": list(label.licences) or [{"@type": "sc:CreativeWork", "name": "not stated"}],
        "creator": _creator(record),
        "datePublished": record.created,
        "keywords": ["synthetic data", "tabular data"],
        "distribution": [_file(record)],
        "recordSet": [_rows(record)],
        **_responsible(record),
        **_provenance(record),
        STATED: told.model_dump(mode="json", exclude_defaults=True),
    }


def _description(record: Record) -> str:
    label = record.label
    said = f" {record.told.dataset}" if record.told.dataset else ""
    return (
        f"{label.rows:,} synthetic rows of {len(label.columns)} columns, made by "
        f"{record.made_by}.{said} {label.note} Decision under policy "
        f"{record.verdict.policy_name}: {record.decision}. {record.worst} {record.guarantee}"
    )


def _creator(record: Record) -> dict[str, Any]:
    told = record.told
    found = {"@type": "sc:Organization", "name": told.organisation or "not stated"}
    return {**found, "description": f"Contact: {told.contact}"} if told.contact else found


def _file(record: Record) -> dict[str, Any]:
    label = record.label
    ending = next((e for e in sorted(FORMATS, key=len)[::-1] if label.file.endswith(e)), ".csv")
    return {
        "@type": "cr:FileObject",
        "@id": label.file,
        "name": label.file,
        "contentUrl": label.file,
        "contentSize": f"{record.size} B",
        "encodingFormat": FORMATS[ending],
        "sha256": label.sha256,
    }


def _rows(record: Record) -> dict[str, Any]:
    facts = {column.name: column for column in record.bundle.columns}
    fields = []
    for place, (name, kind) in enumerate(record.kinds.items(), start=1):
        known = facts.get(name)
        read = known is not None and known.read
        told = f"{kind or 'of no recorded kind'}; attacks {'read' if read else 'did not read'} it"
        fields.append(
            {
                "@type": "cr:Field",
                "@id": f"rows/{place}",
                "name": name,
                "description": told,
                "dataType": TYPES.get(kind, "sc:Text"),
                "source": {
                    "fileObject": {"@id": record.label.file},
                    "extract": {"column": name},
                },
            }
        )
    return {"@type": "cr:RecordSet", "@id": "rows", "name": "rows", "field": fields}


def _responsible(record: Record) -> dict[str, Any]:
    """Return the entries of the RAI vocabulary."""
    told = record.told
    uses = [*told.intended_uses, *(f"Not for: {use}" for use in told.excluded_uses)]
    entries: dict[str, Any] = {
        "rai:dataCollection": f"No person gave these rows: {record.made_by} sampled them. "
        + (f"It learned from: {told.source}" if told.source else "Its source is not described."),
        "rai:dataCollectionType": ["Synthetic data"],
        "rai:dataPreprocessingProtocol": [
            f"{step.name}: {step.rows_in} rows in, {step.rows_out} out; "
            f"{'read' if step.touches_real_data else 'did not read'} people's records"
            for step in record.label.filters or ()
        ],
        "rai:dataUseCases": uses,
        "rai:dataLimitations": [
            *record.limits,
            *(f"Not covered: {x}" for x in record.bundle.not_covered),
        ],
        "rai:personalSensitiveInformation": list(told.data_classes),
        "rai:dataReleaseMaintenancePlan": f"Valid until {told.valid_until}."
        if told.valid_until
        else "",
    }
    return {key: value for key, value in entries.items() if value}


def _provenance(record: Record) -> dict[str, Any]:
    """Return where the table comes from and how it was decided: PROV-O, and our own keys."""
    label, verdict = record.label, record.verdict
    agent = {"@type": "prov:SoftwareAgent", "prov:label": label.made_by}
    made = {
        "@type": "prov:Activity",
        "prov:label": f"synthesis by {record.made_by}",
        "prov:endedAtTime": record.created,
        "prov:wasAssociatedWith": agent,
        "privsynth:options": {} if label.generator is None else label.generator.options,
        "privsynth:seedPolicy": label.seed_policy,
    }
    facts = {
        "privsynth:origin": label.origin,
        "privsynth:generationDepth": label.generation_depth,
        "privsynth:realFraction": label.real_fraction,
        "privsynth:humanReview": list(label.human_review) or None,
        "privsynth:claim": record.guarantee,
        "privsynth:decision": {
            "status": verdict.status,
            "headline": verdict.headline,
            "policy": verdict.policy_name,
            "policyDigest": verdict.policy_digest,
            "evidence": "evidence.json",
            "evidenceDigest": verdict.evidence_digest,
        },
        "prov:wasGeneratedBy": made,
        "prov:wasDerivedFrom": [_parent(parent) for parent in label.parents] or None,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _parent(parent: Parent) -> dict[str, Any]:
    told = {
        "@type": "prov:Entity",
        "@id": f"urn:privsynth:table:{parent.digest}",
        "prov:label": parent.name,
        "privsynth:origin": parent.origin,
        "privsynth:originKnownFrom": parent.basis,
        "privsynth:generationDepth": parent.generation_depth,
        "privsynth:realFraction": parent.real_fraction,
    }
    return {key: value for key, value in told.items() if value is not None}
