# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""Reads a YAML document that is a list of mappings of texts, with positions.

PyYAML reads it, event by event. Only texts are built from the events, and
deeper nesting is refused where it starts, so that a hostile document neither
takes long nor builds objects.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import BadLine, UnusableInput
from openstack_requirements.pep508.text import without_bom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import yaml

#: A document of more characters is an error: PyYAML takes a second for it.
LARGEST = 1 << 18
#: How much of a line an error shows.
_SHOWN = 80
_WANTED = (
    "a list is wanted here",
    "a mapping of keys and texts is wanted here",
    "a text is wanted here",
)


class Scalar(NamedTuple):
    """A key or a value, and the index where it starts.

    ``text`` is None for YAML's null; ``is_text`` says whether YAML reads it as
    a text or a date, and not as a number or a truth value.
    """

    at: int
    text: str | None
    is_text: bool


class Row(NamedTuple):
    """A mapping, and where it starts; its keys in order, with repeats."""

    at: int
    pairs: Sequence[tuple[Scalar, Scalar]]


class YamlDocument:
    """A document, ready to be read.

    :param source: the file's name, for errors.
    :raises UnusableInput: where it is larger than :data:`LARGEST`.
    """

    def __init__(self, content: str, source: str) -> None:
        if len(content) > LARGEST:
            raise UnusableInput(source, f"is longer than {LARGEST} characters")
        self._content = without_bom(content)
        self._source = source
        self._starts = [0]
        for line in self._content.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def place(self, index: int) -> tuple[int, int]:
        """The line and the column, both from 1, at an index."""
        line = min(bisect_right(self._starts, index), len(self._starts) - 1)
        return line, index - self._starts[line - 1] + 1

    def bad(self, reason: str, index: int) -> BadLine:
        """An error at an index."""
        line, column = self.place(index)
        start, end = self._starts[line - 1 : line + 1]
        return BadLine(
            reason,
            self._content[start : min(end - 1, start + _SHOWN)],
            source=self._source,
            number=line,
            column=column,
        )

    def rows(self) -> Iterator[Row]:
        """The mappings of the list; an empty document has none.

        :raises BadLine: where it is another kind of document, or not YAML 1.1.
        """
        import yaml

        try:
            yield from self._rows()
        except BadLine:
            raise
        except yaml.reader.ReaderError as error:
            raise self.bad(
                "not YAML (a character that it does not allow)", error.position
            ) from error
        except yaml.MarkedYAMLError as error:
            reason = error.problem or "it makes no sense"
            if error.context == "while scanning an alias":
                reason = "an asterisk must stand in quotes"
            where = _index(error.problem_mark or error.context_mark)
            raise self.bad(f"not YAML ({reason})", where) from error
        except (ValueError, OverflowError) as error:
            # Raised by PyYAML for escapes and versions out of range.
            raise self.bad("not YAML (a number too large)", 0) from error

    def _rows(self) -> Iterator[Row]:
        import yaml

        resolve = yaml.resolver.Resolver().resolve
        documents = depth = start = 0
        scalars: list[Scalar] = []
        for event in yaml.parse(self._content, Loader=yaml.SafeLoader):
            index = _index(event.start_mark)
            self._require_plain(event, index)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.bad("a second document", index)
            elif isinstance(event, yaml.ScalarEvent):
                scalar = _scalar(event, resolve)
                if any(
                    "\ud800" <= character <= "\udfff"
                    for character in event.value
                ):
                    raise self.bad("half a character (a surrogate)", index)
                if depth == 2:
                    scalars.append(scalar)
                elif depth or scalar.text is not None:
                    raise self.bad(_WANTED[depth], index)
            elif isinstance(event, yaml.CollectionStartEvent):
                wanted = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
                if depth == 2 or not isinstance(event, wanted[depth]):
                    raise self.bad(_WANTED[depth], index)
                depth += 1
                start, scalars = index, []
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
                if depth == 1:
                    pairs = zip(scalars[::2], scalars[1::2], strict=True)
                    yield Row(start, tuple(pairs))

    def _require_plain(self, event: yaml.Event, index: int) -> None:
        """Refuse anchors, aliases and tags."""
        if getattr(event, "anchor", None) is not None:
            raise self.bad(
                "anchors and aliases are not supported, and an asterisk must "
                "stand in quotes",
                index,
            )
        if getattr(event, "tag", None) is not None:
            raise self.bad("tags are not supported", index)


def _scalar(event: yaml.ScalarEvent, resolve: Callable[..., str]) -> Scalar:
    import yaml

    kind = resolve(yaml.ScalarNode, event.value, event.implicit)
    kind = kind.removeprefix("tag:yaml.org,2002:")
    return Scalar(
        _index(event.start_mark),
        None if kind == "null" else event.value,
        is_text=kind in {"str", "timestamp"},
    )


def _index(mark: object) -> int:
    """The index of PyYAML's mark; 0 without one."""
    index: int = getattr(mark, "index", 0)
    return index
