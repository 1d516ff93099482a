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
"""What ``--branch`` and ``--topic`` may be: parts of references of git."""

from __future__ import annotations

import re

from openstack_requirements.errors import UnusableInput

_TOPIC = r"[A-Za-z0-9](?:[\w-]|\.(?!\.))*(?<!\.)(?<!\.lock)"
_BRANCH = (
    r"(?!-)(?!.*(?:^|/)\.)(?!.*\.\.)(?!.*//)(?!.*@\{)(?!.*\.lock(?:/|$))"
    r"(?!/)[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])"
)


def require_topic(topic: str) -> None:
    """Refuse what is not a word.

    :raises UnusableInput: where it is not.
    """
    if not re.fullmatch(_TOPIC, topic):
        reason = "a topic is a word of letters, digits, -, _ and ."
        raise UnusableInput("--topic", reason)


def require_branch(branch: str) -> None:
    """Refuse what is not the name of a branch (git check-ref-format).

    :raises UnusableInput: where it is not.
    """
    if not re.fullmatch(_BRANCH, branch):
        raise UnusableInput("--branch", f"{branch} is not a branch's name")
