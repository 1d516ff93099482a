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
"""The texts of a rule: why it is there, and how to satisfy it."""

from __future__ import annotations

from openstack_requirements.checks import registry
from openstack_requirements.errors import UnusableInput

_WIDTH = 79


def render(rule: str) -> str:
    """Render the texts of a rule, and the link to its examples.

    :raises UnusableInput: if there is no such rule.
    """
    import textwrap

    known = registry.texts()
    if rule not in known:
        raise UnusableInput(f"--explain {rule}", _unknown(rule))
    severities, why, how = known[rule]
    paragraphs = [
        textwrap.fill(
            text,
            _WIDTH,
            initial_indent=f"{label:<13}",
            subsequent_indent=" " * 13,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for label, text in (
            ("Why", why),
            ("What to do", how),
            ("See", registry.link(rule)),
        )
    ]
    heading = f"{rule} ({' or '.join(severities)})"
    return "\n\n".join([heading, *paragraphs]) + "\n"


def _unknown(rule: str) -> str:
    import difflib

    known = list(registry.texts())
    close = difflib.get_close_matches(rule[:99], known)
    if close:
        return f"there is no such rule; did you mean {' or '.join(close)}?"
    return f"there is no such rule; there are {', '.join(known)}"
