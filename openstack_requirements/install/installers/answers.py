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
"""Reads the files in which installers answer: locks and reports.

They hold what an index and its projects say, so they have a limit. One that
cannot be read is no fault of the list: an :class:`.OutsideError`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from openstack_requirements.errors import OutsideError, UnusableInput
from openstack_requirements.system import files

#: The most bytes that an installer may answer with. A report has the whole
#: metadata of each distribution, and a lock the address of each wheel.
LARGEST = 64 << 20


def text(path: str) -> str:
    """The text that an installer wrote.

    :raises OutsideError: where it cannot be read, is larger than
        :data:`LARGEST` or is not UTF-8.
    """
    try:
        return files.read_text(path, LARGEST)
    except UnusableInput as error:
        raise OutsideError(str(error)) from error


def toml_table(path: str) -> dict[str, Any]:
    """The TOML document that an installer wrote, a lock (PEP 751).

    :raises OutsideError: as :func:`text`, and where it is no TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document: dict[str, Any] = tomllib.loads(text(path))
    except (ValueError, RecursionError) as error:
        raise OutsideError(f"{path}: is no TOML ({error})") from error
    return document


def json_table(path: str) -> dict[str, Any]:
    """The JSON object that an installer wrote, a report.

    :raises OutsideError: as :func:`text`, and where it is no JSON object.
    """
    try:
        answer = json.loads(text(path))
    except (ValueError, RecursionError) as error:
        raise OutsideError(f"{path}: is no JSON ({error})") from error
    if not isinstance(answer, dict):
        raise OutsideError(f"{path}: is no JSON object")
    return answer
