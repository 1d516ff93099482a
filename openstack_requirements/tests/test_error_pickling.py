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
"""Every error comes back from another process as it was."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
from typing import TYPE_CHECKING, Any

import openstack_requirements
from openstack_requirements import errors
from openstack_requirements.install import failures
from openstack_requirements.install.failures import Reason
from openstack_requirements.tests import base

if TYPE_CHECKING:
    from collections.abc import Iterator

_REASON = Reason("build", "foo", (), "did not build", "x")
_LINE = errors.BadLine("is bad", "x ==", source="x.txt", number=3, column=2)
#: What a parameter can be, by its annotation.
VALUES: dict[str, Any] = {
    "str": "text",
    "int": 7,
    "float": 1.5,
    "Sequence[str]": ["one", "two"],
    "Sequence[BadLine]": [_LINE, _LINE.at("y.txt", 4)],
    "Sequence[RequirementsError]": [_LINE, errors.UnusableInput("x", "y")],
    "Reason": _REASON,
    "Sequence[tuple[str, Reason]]": [("3.12", _REASON)],
}


def subclasses(kind: type[Any]) -> Iterator[type[Any]]:
    yield kind
    for each in kind.__subclasses__():
        yield from subclasses(each)


def example(kind: type[Any]) -> Any:
    """An error of this class, with something in every field."""
    if "__init__" not in vars(kind) and kind.__init__ is Exception.__init__:
        return kind("a sentence")
    words, named = [], {}
    for name, each in inspect.signature(kind).parameters.items():
        value = VALUES[str(each.annotation)]
        if each.kind is each.KEYWORD_ONLY:
            named[name] = value
        else:
            words.append(value)
    return kind(*words, **named)


def seen(error: Any) -> Any:
    """All that can be seen of an error, without who it is."""
    if isinstance(error, (list, tuple)):
        return [seen(each) for each in error]
    if not isinstance(error, BaseException):
        return error
    return (
        type(error),
        str(error),
        seen(error.args),
        {name: seen(value) for name, value in vars(error).items()},
        getattr(error, "status", None),
    )


class TestPickling(base.TestCase):
    def test_every_class(self) -> None:
        for module in pkgutil.walk_packages(
            openstack_requirements.__path__, "openstack_requirements."
        ):
            if ".tests" not in module.name:
                importlib.import_module(module.name)
        classes = [
            each
            for base_class in (errors.RequirementsError, errors.Interrupted)
            for each in subclasses(base_class)
            # Tests have some of their own.
            if ".tests." not in each.__module__
        ]
        self.assertIn(errors.CommandFailed, classes)
        self.assertGreater(len(classes), 10)
        for kind in classes:
            error = example(kind)
            error.__notes__ = ["a note"]
            for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
                again = pickle.loads(pickle.dumps(error, protocol))
                self.assertEqual(seen(error), seen(again), kind.__name__)

    def test_what_was_filled_in_later(self) -> None:
        error = example(failures.InstallFailed)
        error.log = "/a/log"
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual("/a/log", again.log)
