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
"""Changes items of the arrays of a TOML document in place: text in, text out.

``tomlkit`` makes the changes. The result is read back, and has to say what was
meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openstack_requirements.errors import UnusableInput
from openstack_requirements.manifests.toml import load
from openstack_requirements.manifests.toml_positions import spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openstack_requirements.manifests.toml_positions import KeyPath

#: Why a change is refused.
UNEDITABLE = (
    "is written in a way that cannot be changed without harm; change it by "
    "hand"
)


def edit(
    content: str,
    edits: Mapping[KeyPath, Mapping[int, Sequence[str]]],
    source: str = "",
) -> str:
    """The text of a document in which strings of arrays are replaced.

    Everything else stays byte for byte: comments (except those behind a
    removed string), order, quoting, spacing, line ends.

    :param edits: for the path of an array, the strings that replace the one
        at an index, any number of them. Quotes inside a string may change,
        where the old string's quotes cannot hold them.
    :raises UnusableInput: where that cannot be done without harm.
    """
    expected = load(content, source).table
    arrays = spans(content)
    changed = content
    try:
        # Backwards, so that the positions before a change stay valid.
        for path in sorted(edits, key=arrays.__getitem__, reverse=True):
            plain: Any = expected
            for key in path:
                plain = plain[key]
            start, end = arrays[path]
            array = _edit_array(content[start:end], plain, edits[path])
            changed = f"{changed[:start]}{array}{changed[end:]}"
        is_right = load(changed, source).table == expected
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # tomlkit has errors of its own, and also fails with others.
        raise UnusableInput(source, UNEDITABLE) from error
    if not is_right:
        raise UnusableInput(source, UNEDITABLE)
    return changed


def _edit_array(
    text: str, plain: list[Any], items: Mapping[int, Sequence[str]]
) -> str:
    """The text of an array in which items are replaced.

    tomlkit gets the array alone: it may take very long for other parts of a
    document.

    :param plain: its items, which are replaced as well.
    :raises ValueError: where it holds anything but strings and included
        groups, or tomlkit cannot read it.
    """
    import tomlkit

    for item in plain:
        if isinstance(item, list) or (
            isinstance(item, dict) and len(item) != 1
        ):
            raise ValueError("an item is neither a string nor a small table")
    head = "array = "
    document = tomlkit.parse(head + text)
    if tomlkit.dumps(document) != head + text:
        raise ValueError("tomlkit does not keep it as it is")
    array: Any = document["array"]
    for index in sorted(items, reverse=True):
        plain[index : index + 1] = _replace_item(array, index, items[index])
    return tomlkit.dumps(document).removeprefix(head)


def _replace_item(
    array: Any, index: int, texts: Sequence[str]
) -> Sequence[str]:
    """Replace an item of an array; the strings as they are written."""
    if not texts:
        del array[index]
        return texts
    written = array[index].as_string()
    strings = [_string(text, written) for text in texts]
    # A comment above an item is about everything that replaces it: new items
    # go before it. Before the first item on the line of the bracket, there is
    # no spacing to copy.
    beside = index == 0 and "\n" not in array.as_string().partition(written)[0]
    array[index] = strings[0] if beside else strings[-1]
    more = strings[1:] if beside else strings[:-1]
    for offset, string in enumerate(more, index + beside):
        array.insert(offset, string)
    return [str(string) for string in strings]


def _string(text: str, like: str) -> Any:
    """A string in the quotes of an existing one, where these can hold it.

    Where they cannot, the quotes within a marker change, which keeps its
    meaning.
    """
    import tomlkit

    multiline = like[:3] in {'"""', "'''"}
    literal = like[0] == "'"
    if literal and "'" in text and '"' not in text:
        text = text.replace("'", '"')
    if literal and ("'" in text or not text.isprintable()):
        literal = multiline = False
    return tomlkit.string(text, literal=literal, multiline=multiline)
