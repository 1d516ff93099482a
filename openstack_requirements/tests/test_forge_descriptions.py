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
"""The GitHub of the tests, compared with the description of the real one.

The description is in a package of npm, and has tens of megabytes. So this is
only where OPENSTACK_REQUIREMENTS_LIVE is set. No package was found that
carries those of GitLab and Forgejo.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from typing import Any

import jsonschema
import referencing
import referencing.jsonschema

from openstack_requirements.tests.forge_servers import PERSON
from openstack_requirements.tests.test_forges import (
    HEAD,
    KEY,
    NEW,
    NEWER,
    PROJECT,
    ForgeTestCase,
)
from openstack_requirements.tests.test_live import VARIABLE

PACKAGE = "@octokit/openapi"
NAMESPACE = "urn:description"


class TestDescription(ForgeTestCase):
    def setUp(self) -> None:
        if not os.environ.get(VARIABLE):
            self.skipTest(f"{VARIABLE} is not set")
        if shutil.which("npm") is None:
            self.skipTest("npm is not installed")
        super().setUp()

    def description(self) -> dict[str, Any]:
        """The newest one of GitHub Enterprise Server."""
        done = subprocess.run(
            ["npm", "pack", "--silent", PACKAGE],
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=600,
        )
        if done.returncode:
            self.skipTest(f"{PACKAGE} cannot be downloaded")
        with tarfile.open(self.folder / done.stdout.split()[-1]) as archive:
            name = max(
                name
                for name in archive.getnames()
                if re.search(r"/ghes-[\d.]+\.json$", name)
            )
            member = archive.extractfile(name)
            assert member is not None
            description: dict[str, Any] = json.load(member)
            return description

    def test_every_answer_is_one_of_github(self) -> None:
        self.everything()
        description = self.description()
        registry = referencing.Registry().with_resource(
            NAMESPACE,
            referencing.jsonschema.DRAFT4.create_resource(
                nullable(description)
            ),
        )
        problems = set()
        templates = set()
        for method, path, status, data in self.server.answered:
            template = template_of(path, description["paths"])
            templates.add((method, template, status))
            operation = description["paths"][template][method.lower()]
            response = operation["responses"][str(status)]
            place = ["paths", template, method.lower(), "responses"]
            place.append(str(status))
            if "$ref" in response:
                place = response["$ref"].split("/")[1:]
            place += ["content", "application/json", "schema"]
            pointer = "".join(f"/{escaped(part)}" for part in place)
            validator = jsonschema.Draft4Validator(
                {"$ref": f"{NAMESPACE}#{pointer}"}, registry=registry
            )
            for error in validator.iter_errors(data):
                where = "/".join(map(str, error.absolute_path))
                row = f"{method} {template} {status} {where}"
                problems.add(f"{row}: {error.message[:200]}")
        self.assertEqual(set(), problems)
        self.assertGreaterEqual(len(templates), 10, templates)

    def everything(self) -> None:
        """All kinds of requests."""
        forge = self.forge()
        self.settle(self.change(), forge)
        self.settle(self.change(NEWER), forge)
        forge.overview("requirements", [PROJECT])
        self.server.close(PROJECT, 1)
        self.settle(self.change(NEWER), forge)
        self.settle(self.change(), forge)
        fields = {"head": HEAD, "base": "main", "title": "x", "body": ""}
        self.assertIsNone(forge._open(KEY, HEAD, *list(fields.values())[2:]))
        self.project.commit("main", PERSON, requirements_txt=NEW)
        self.settle(self.change(NEW), forge)
        self.settle(self.change(NEW), forge)


def escaped(part: str) -> str:
    """A part of a JSON pointer in a URI (RFC 6901)."""
    part = part.replace("~", "~0").replace("/", "~1")
    return part.replace("{", "%7B").replace("}", "%7D")


def template_of(path: str, templates: dict[str, Any]) -> str:
    """The path of a description that fits a path."""

    def fits(template: str) -> bool:
        parts = re.split(r"(\{\w+\})", template)
        pattern = "".join(
            # A reference has slashes.
            (".+" if part == "{ref}" else "[^/]+")
            if part.startswith("{")
            else re.escape(part)
            for part in parts
        )
        return re.fullmatch(pattern, path) is not None

    # The one with the least that stands for anything.
    return min(filter(fits, templates), key=lambda name: name.count("{"))


def nullable(value: Any) -> Any:
    """A description whose schemas say ``null`` as JSON Schema does."""
    if isinstance(value, list):
        return [nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {name: nullable(item) for name, item in value.items()}
    if result.pop("nullable", None) is True:
        return {"anyOf": [result, {"type": "null"}]}
    return result
