"""The rules of SARIF 2.1.0 for all that a report of ours has in it, as a JSON schema: names, types, what must be there.

Source: OASIS, `sarif-schema-2.1.0.json` (errata 01), of which these are the parts that are used. Nothing else may stand
in an object, as there.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def only(required: list[str], **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def many(items: Json, **rules: Any) -> Json:
    return {"type": "array", "items": items, **rules}


TEXT: Json = {"type": "string"}
FROM_1: Json = {"type": "integer", "minimum": 1}
MESSAGE = only(["text"], text=TEXT)
ARTIFACT = only([], uri={"type": "string", "format": "uri-reference"}, uriBaseId=TEXT, description=MESSAGE)
REGION = only([], startLine=FROM_1, startColumn=FROM_1, endLine=FROM_1, endColumn=FROM_1)
LOCATION = only([], physicalLocation=only(["artifactLocation"], artifactLocation=ARTIFACT, region=REGION))
REPLACEMENT = only(["deletedRegion"], deletedRegion=REGION, insertedContent=only([], text=TEXT))
CHANGE = only(
    ["artifactLocation", "replacements"], artifactLocation=ARTIFACT, replacements=many(REPLACEMENT, minItems=1)
)
FIX = only(["artifactChanges"], description=MESSAGE, artifactChanges=many(CHANGE, minItems=1, uniqueItems=True))
LEVEL: Json = {"enum": ["none", "note", "warning", "error"]}
RULE = only(["id"], id=TEXT, name=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE)
RESULT = only(
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=LEVEL,
    message=MESSAGE,
    locations=many(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    rank={"type": "number", "minimum": -1, "maximum": 100},
    relatedLocations=many(LOCATION, uniqueItems=True),
    fixes=many(FIX, uniqueItems=True),
    properties={"type": "object"},
)
NOTIFICATION = only(["message"], level=LEVEL, message=MESSAGE)
RUN = only(
    ["tool"],
    tool=only(["driver"], driver=only(["name"], name=TEXT, version=TEXT, rules=many(RULE, uniqueItems=True))),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={"type": "object", "additionalProperties": ARTIFACT},
    invocations=many(
        only(["executionSuccessful"], executionSuccessful={"type": "boolean"},
             toolExecutionNotifications=many(NOTIFICATION))
    ),
    results=many(RESULT),
)  # fmt: skip
SARIF = only(["version", "runs"], **{"$schema": {"type": "string"}}, version={"enum": ["2.1.0"]}, runs=many(RUN))
