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
"""What stays of an earlier constraints file when its pins are made anew."""

from __future__ import annotations

from openstack_requirements.errors import BadLine
from openstack_requirements.pep508.text import split_lines


def head(content: str, source: str = "") -> str:
    """The comment lines at the head of a constraints file.

    They are all lines before the first requirement, the blank ones among
    them included; each ends with a line feed. Empty where no line of these is
    a comment.

    :param source: the name of the file, for errors.
    :raises BadLine: where an installer would read a line as several.
    """
    lines = []
    has_comment = False
    for number, line in enumerate(split_lines(content), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            break
        has_comment = has_comment or bool(text)
        lines.append(_one_line(line, source, number))
    return "".join(f"{line}\n" for line in lines) if has_comment else ""


def _one_line(line: str, source: str, number: int) -> str:
    """A line that stays, without its line end.

    An installer may end a comment at a form feed, and read what follows as a
    pin that no proof has seen.
    """
    text = line.rstrip("\r\n")
    if len(text.splitlines()) > 1:
        raise BadLine("a line break that not every program sees", text).at(
            source, number
        )
    return text
