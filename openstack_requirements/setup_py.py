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
"""The setup.py of a project that leaves the work to pbr.

A project's code is parsed here, and never run.
"""

from __future__ import annotations

import re

from openstack_requirements.text import without_bom

FILE = "setup.py"

#: All that such a project needs to have there.
SHORT = """\
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

import setuptools

setuptools.setup(setup_requires=['pbr>=2.0.0'], pbr=True)
"""


def uses_pbr(text: str) -> bool:
    """Whether a setup.py leaves the work to pbr. It is parsed, never run.

    :raises ValueError: where it is not Python of this version.
    """
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(without_bom(text))
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from error
    except (RecursionError, MemoryError) as error:
        raise ValueError("it is nested too deep") from error
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else None
        name = called.id if isinstance(called, ast.Name) else name
        if name != "setup":
            continue
        for keyword in node.keywords:
            try:
                value = ast.literal_eval(keyword.value)
            except ValueError:  # whatever else it is
                value = None
            if keyword.arg == "pbr" and value:
                return True
            if keyword.arg == "setup_requires" and _names_pbr(value):
                return True
    return False


def _names_pbr(value: object) -> bool:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list | tuple):
        return False
    return any(
        re.match(r"\s*pbr\b(?![-_.]\w)", word, re.IGNORECASE)
        for word in words
        if isinstance(word, str)
    )
