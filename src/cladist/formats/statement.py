"""A statement of where a model comes from, as the standards are written from it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cladist.core.hashing import digest

__all__ = ["StatedKin", "Statement", "spdx_licence"]

Role = Literal["ancestor", "descendant", "variant"]
Basis = Literal["declared", "measured", "declared and measured"]

_SPDX = {
    "apache-2.0": "Apache-2.0", "mit": "MIT", "bsd-3-clause": "BSD-3-Clause",
    "bsd-2-clause": "BSD-2-Clause", "cc-by-4.0": "CC-BY-4.0", "cc-by-sa-4.0": "CC-BY-SA-4.0",
    "cc-by-nc-4.0": "CC-BY-NC-4.0", "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0", "cc0-1.0": "CC0-1.0",
    "gpl-3.0": "GPL-3.0-only", "agpl-3.0": "AGPL-3.0-only", "unlicense": "Unlicense",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatedKin:
    """A relative: what it is to the model, on what grounds, and the numbers of the test.

    properties  namespaced numbers such as 'cladist:p', as text
    """

    name: str
    role: Role
    basis: Basis
    relation: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """What is stated of one model.

    sha256      of its file, '' where none is known
    licence     as declared, '' where it is not
    created     ISO time in UTC to the second, as in 2026-01-31T12:00:00Z
    properties  namespaced facts: assay, verdicts, rates
    """

    name: str
    uri: str
    sha256: str
    licence: str
    architecture: str
    parameters: str
    kin: tuple[StatedKin, ...]
    limits: tuple[str, ...]
    properties: Mapping[str, str]
    created: str
    version: str

    @property
    def uuid(self) -> str:
        """A name-based UUID of the contents: the same statement has the same."""
        about = [self.name, self.uri, self.sha256, self.created, dict(self.properties)]
        rest = [[k.name, k.role, k.basis, k.relation, dict(k.properties)] for k in self.kin]
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "cladist:" + digest([about, rest])))


def spdx_licence(name: str) -> str:
    """The SPDX identifier of a licence as model cards write it; '' for one that has none."""
    return _SPDX.get(name.strip().casefold(), "")


def licence_ref(name: str) -> str:
    """An SPDX expression for any licence: its identifier, or a LicenseRef made of its name."""
    return spdx_licence(name) or "LicenseRef-" + (
        re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-") or "unknown"
    )
