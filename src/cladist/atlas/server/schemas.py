"""What the documents of the API hold, as JSON Schema."""

from __future__ import annotations

from typing import Any, get_args

from cladist.atlas.columns import CLUSTER, FAMILY
from cladist.atlas.documents import VERSION
from cladist.atlas.families import Origin
from cladist.atlas.server.shelf import State
from cladist.kinship.inference.decision import VERDICTS, Reason

__all__ = [
    "BOOLEAN",
    "COUNT",
    "INTEGER",
    "NUMBER",
    "SHARE",
    "STRING",
    "Schema",
    "list_of",
    "object_of",
    "or_null",
    "ref",
    "schemas",
]

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
BOOLEAN: Schema = {"type": "boolean"}


def list_of(of: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": of}


def or_null(of: Schema) -> Schema:
    """This, or nothing."""
    return {"anyOf": [of, {"type": "null"}]}


def object_of(optional: tuple[str, ...] = (), /, **of: Schema) -> Schema:
    """An object with these and no other properties."""
    return {
        "type": "object",
        "properties": of,
        "required": [k for k in of if k not in optional],
        "additionalProperties": False,
    }


def ref(name: str) -> Schema:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> dict[str, Schema]:
    """What the documents of the API hold, by name."""
    verdict = {"enum": list(VERDICTS)}
    kind = {"enum": ["category", "number", "date"]}
    value = {"type": ["string", "number", "null"]}
    speaking = list_of(object_of(probe=COUNT, weight=NUMBER))
    rows = list_of(object_of(models=list_of(COUNT), family=STRING, branches=COUNT))
    tree = object_of(
        newick=STRING, method=STRING, root=STRING, support=or_null(STRING),
        replicates=COUNT, note=STRING,
    )  # fmt: skip
    judged = {
        "distance": {"type": "number", "minimum": 0},
        "similarity": or_null(NUMBER),
        "verdict": verdict,
        "reason": {"enum": list(get_args(Reason))},
        "p": or_null({"type": "number", "minimum": 0}),
        "alpha": or_null(SHARE),
        "note": STRING,
    }
    return {
        "Error": object_of(error=object_of(status=INTEGER, message=STRING)),
        "Tree": tree,
        "Relation": object_of(index=COUNT, **judged),
        "Pair": object_of(a=COUNT, b=COUNT, **judged, probe=speaking),
        "Set": object_of(
            families=list_of(STRING),
            more=COUNT,
            none=BOOLEAN,
            coverage=SHARE,
            best=STRING,
            probability=SHARE,
            refused=STRING,
            basis=STRING,
            note=STRING,
        ),
        "Compared": object_of(
            models=list_of(COUNT), pairs=list_of(object_of(a=COUNT, b=COUNT, **judged))
        ),
        "Probes": object_of(id=list_of(STRING), text=list_of(STRING)),
        "Answers": object_of(text=list_of(or_null(STRING)), state=list_of(STRING)),
        "Atlas": object_of(
            format={"const": "cladist-atlas"},
            version={"const": VERSION},
            title=STRING,
            generated_by=STRING,
            remarks=list_of(STRING),
            assay=object_of(
                name=STRING,
                digest=STRING,
                description=STRING,
                probes=COUNT,
                samples=COUNT,
                dimension=COUNT,
                metric=STRING,
            ),
            models=object_of(
                name=list_of(STRING),
                columns=list_of(
                    object_of(key=STRING, label=STRING, kind=kind, values=list_of(value))
                ),
            ),
            maps=list_of(
                object_of(
                    key={"enum": ["tsne", "umap", "pcoa"]},
                    label=STRING,
                    note=STRING,
                    kept=SHARE,
                    near=COUNT,
                    x=list_of(NUMBER),
                    y=list_of(NUMBER),
                )
            ),
            tree=or_null(ref("Tree")),
            declared=or_null(
                object_of(
                    source=STRING,
                    counts={"type": "object", "additionalProperties": COUNT},
                    edges=list_of(
                        object_of(
                            child=COUNT,
                            parent=or_null(COUNT),
                            parent_name=STRING,
                            relation=STRING,
                            verdict={
                                "enum": [
                                    "supported",
                                    "contradicted",
                                    "inconclusive",
                                    "not tested",
                                    "not measured",
                                ]
                            },
                            p=or_null(NUMBER),
                            note=STRING,
                            reason=STRING,
                        )
                    ),
                    newick=or_null(STRING),
                    facing=or_null(
                        object_of(declared=rows, measured=rows, remarks=list_of(STRING))
                    ),
                )
            ),
            families=object_of(
                column={"enum": [FAMILY, CLUSTER]},
                origin={"enum": list(get_args(Origin))},
                count=COUNT,
                models=COUNT,
            ),
            documents=object_of(models=BOOLEAN, answers=BOOLEAN),
        ),
        "Model": object_of(
            index=COUNT,
            name=STRING,
            uri=STRING,
            fingerprint=STRING,
            metadata={"type": "object", "additionalProperties": STRING},
            provenance=object_of(
                usable=COUNT,
                probes=COUNT,
                notes=list_of(STRING),
                encoders=list_of(STRING),
                states={"type": "object", "additionalProperties": COUNT},
                digest=STRING,
            ),
            relatives=list_of(ref("Relation")),
            foundation=or_null(
                object_of(
                    candidates=list_of(object_of(name=STRING, probability=SHARE)), note=STRING
                )
            ),
            set=or_null(ref("Set")),
            parents=list_of(object_of(index=COUNT, confidence=SHARE, note=STRING)),
            evidence=list_of(object_of(other=COUNT, **{"for": speaking, "against": speaking})),
        ),
        "Models": object_of(
            total=COUNT,
            offset=COUNT,
            models=list_of(
                object_of(
                    index=COUNT,
                    name=STRING,
                    values={"type": "object", "additionalProperties": value},
                )
            ),
        ),
        "Relatives": object_of(index=COUNT, relatives=list_of(ref("Relation"))),
        "Distances": object_of(
            models=list_of(COUNT),
            metric=STRING,
            distances=list_of(list_of({"type": "number", "minimum": 0})),
        ),
        "Health": object_of(
            status={"const": "ok"}, version=STRING, models=COUNT, assay=STRING, stale=BOOLEAN
        ),
        "Placed": object_of(
            name=STRING,
            usable=COUNT,
            probes=COUNT,
            metric=STRING,
            nearest=list_of(ref("Relation")),
            set=or_null(ref("Set")),
            tree=or_null(
                object_of(below=list_of(COUNT), place=NUMBER, pendant=NUMBER, residual=NUMBER)
            ),
            note=STRING,
        ),
        "References": object_of(
            references=list_of(
                object_of(
                    name=STRING,
                    title=STRING,
                    models=COUNT,
                    prompts=COUNT,
                    labelled=COUNT,
                    licence=STRING,
                    address=STRING,
                )
            ),
            broken=list_of(object_of(name=STRING, said=STRING)),
            making=or_null(ref("Opening")),
        ),
        "Opening": object_of(
            number=COUNT,
            name=STRING,
            state={"enum": list(get_args(State))},
            stage=STRING,
            done=COUNT,
            of=COUNT,
            said=STRING,
            address=STRING,
        ),
        "Asked": object_of(
            number=COUNT,
            name=STRING,
            state={"enum": ["asking", "placing", "done", "failed", "stopped"]},
            done=COUNT,
            of=COUNT,
            said=STRING,
            assumed=list_of(STRING),
            placed=or_null(ref("Placed")),
        ),
    }
