"""A model that replays answers recorded earlier; what is not recorded it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cladist.core.hashing import digest
from cladist.core.responses import Response
from cladist.models.base import AskedInterface, Identity, Request


class RecordedModel:
    """Answers by prompt text, as `formats.responses.recorded.RecordedTable.answers` gives them.

    It takes any interface and ignores how it is asked: how the answers came about is not known.
    A request for fewer tokens than were recorded still gets the whole answer.
    """

    def __init__(self, name: str, answers: Mapping[str, Response], uri: str = "") -> None:
        self._answers = dict(answers)
        texts = sorted((p, r.text, r.state.value) for p, r in self._answers.items())
        self.identity = Identity(
            name,
            uri or f"recorded:{name}",
            "recorded:" + digest([name, texts]),
            {"prompts": str(len(texts))},
        )

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        """Both; the record decides."""
        return frozenset({"raw", "chat"})

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer in order; a prompt that was not recorded is an error, never an empty answer."""
        for index, request in enumerate(requests):
            found = self._answers.get(request.prompt)
            if found is None:
                found = Response.error("no response to this prompt is recorded")
            yield index, found

    def close(self) -> None:
        """Nothing is held."""
