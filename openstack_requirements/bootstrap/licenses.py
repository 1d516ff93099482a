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
"""The license of a distribution, as the comment of its entry in a list.

Metadata names it in up to three ways, and the first of them counts: an SPDX
expression (PEP 639), classifiers, or free text. The result is no more precise
than its source: a classifier that names a family of licenses gives the family.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openstack_requirements.constraints.freeze import Distribution

#: A longer text is no comment but a license itself.
LONGEST = 60
#: A longer first line of a license's text is no name of one: it is not read.
LONGEST_NAME = 500

# What classifiers say, where that is not what follows the last "::". The
# short forms are SPDX identifiers where the classifier is as precise as one.
_CLASSIFIERS = {
    "Academic Free License (AFL)": "AFL",
    "Apache Software License": "Apache",
    "Artistic License": "Artistic",
    "BSD License": "BSD",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
    "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "GNU Affero General Public License v3": "AGPL-3.0",
    "GNU Affero General Public License v3 or later (AGPLv3+)": (
        "AGPL-3.0-or-later"
    ),
    "GNU General Public License (GPL)": "GPL",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": (
        "LGPL-2.0-or-later"
    ),
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": (
        "LGPL-3.0-or-later"
    ),
    "GNU Library or Lesser General Public License (LGPL)": "LGPL",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Other/Proprietary License": "Proprietary",
    "Public Domain": "Public-Domain",
    "Python License (CNRI Python License)": "CNRI-Python",
    "Python Software Foundation License": "PSF",
    "The Unlicense (Unlicense)": "Unlicense",
    "Universal Permissive License (UPL)": "UPL",
    "Zero-Clause BSD (0BSD)": "0BSD",
    "Zope Public License": "ZPL",
    "zlib/libpng License": "Zlib",
}
# Those that say no more than the family.
_FAMILIES = frozenset({"AFL", "Apache", "Artistic", "BSD", "GPL", "LGPL"})
# Classifiers that name no license.
_SAY_NOTHING = frozenset({"OSI Approved", "DFSG approved", "License"})
# How people write licenses whose identifier is another, in small letters
# without "the", "license", "version" and punctuation.
_TEXTS = {
    "2-clause bsd": "BSD-2-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache v2": "Apache-2.0",
    "apache v2.0": "Apache-2.0",
    "apache software": "Apache",
    "apache software 2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "asl 2.0": "Apache-2.0",
    "bsd": "BSD",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "expat": "MIT",
    "gpl": "GPL",
    "gplv2": "GPL-2.0",
    "gplv2+": "GPL-2.0-or-later",
    "gplv3": "GPL-3.0",
    "gplv3+": "GPL-3.0-or-later",
    "lgpl": "LGPL",
    "lgplv2+": "LGPL-2.0-or-later",
    "lgplv2.1": "LGPL-2.1",
    "lgplv2.1+": "LGPL-2.1-or-later",
    "lgplv3": "LGPL-3.0",
    "lgplv3+": "LGPL-3.0-or-later",
    "modified bsd": "BSD-3-Clause",
    "mozilla public 2.0": "MPL-2.0",
    "mozilla public 2.0 mpl 2.0": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "mpl v2": "MPL-2.0",
    "new bsd": "BSD-3-Clause",
    "psf": "PSF",
    "public domain": "Public-Domain",
    "python software foundation": "PSF",
    "simplified bsd": "BSD-2-Clause",
}
# Where the license can be read, and remarks like "(same as jQuery)".
_NO_NAME = re.compile(
    r"copyright\b|see\b|\(.*\)\Z|\S*://|\S+\.(?:txt|md|rst)\Z",
    re.IGNORECASE,
)


def of(distribution: Distribution) -> str:
    """The license of a distribution in a few words; empty where unknown.

    The PEP 639 expression, else the classifiers, else the free text. Where
    classifiers name only families (BSD, Apache) and the free text names
    members of just these, it is the free text.
    """
    if distribution.license_expression:
        text = distribution.license_expression
        return _expression(text) or _short(text)
    text = _of_text(distribution.license)
    named = _of_classifiers(distribution.classifiers)
    if not named:
        return text
    members = re.split(r" (?:AND|OR|WITH) ", re.sub(r"[()]", "", text))
    if all(
        any(_is_in(member, family) for member in members) for family in named
    ) and all(
        any(_is_in(member, family) for family in named) for member in members
    ):
        return text
    # Classifiers do not say whether one may choose: this is no expression.
    return _short(", ".join(named))


def same(first: str, second: str) -> bool:
    """Whether two licenses may be one: the same, or a family and a member."""
    return first == second or any(
        family in _FAMILIES and _is_in(member, family)
        for family, member in ((first, second), (second, first))
    )


def _is_in(license_id: str, family: str) -> bool:
    return license_id == family or license_id.startswith(f"{family}-")


def _of_classifiers(classifiers: tuple[str, ...]) -> list[str]:
    """Each license that classifiers name, once, in their order."""
    names: dict[str, None] = {}
    for classifier in classifiers:
        parts = [part.strip() for part in classifier.split("::")]
        if parts[0] == "License" and parts[-1] not in _SAY_NOTHING:
            names[_CLASSIFIERS.get(parts[-1], parts[-1])] = None
    return list(names)


def _of_text(text: str) -> str:
    """The license that the free text names; empty where it is no name."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    name = lines[0]
    if len(name) > LONGEST_NAME:
        return ""
    known = _known(name) or _alternatives(name)
    if known:
        return known
    if len(lines) > 1 and not re.search(r"licen[cs]e", name, re.IGNORECASE):
        return ""  # a license itself, which rarely starts with its name
    if _NO_NAME.match(name) or len(name) > LONGEST:
        return ""
    return _short(name)


def _known(name: str) -> str:
    """The identifier of a license that people write like this."""
    short = re.search(r"\(([^()]*)\)\Z", name)
    for text in (name, short[1] if short else ""):
        key = re.sub(
            r"\b(?:the|licen[cs]ed?|version)\b|[,()\"]", "", text.lower()
        )
        key = " ".join(key.split()).strip(". ")
        license_id = _expression(text) or _expression(key) or _TEXTS.get(key)
        if license_id:
            return license_id
    return ""


def _alternatives(name: str) -> str:
    """``Apache-2.0 OR BSD`` of ``Apache-2.0 or BSD``, which SPDX rejects."""
    parts = re.split(r"\s+(and|or)\s+", name, flags=re.IGNORECASE)
    for number, part in enumerate(parts):
        parts[number] = part.upper() if number % 2 else _known(part)
    return " ".join(parts) if all(parts) else ""


def _expression(text: str) -> str:
    """The normal form of an SPDX expression; empty for any other text."""
    from packaging.licenses import (
        InvalidLicenseExpression,
        canonicalize_license_expression,
    )

    if len(text) > LONGEST:
        return ""
    try:
        return str(canonicalize_license_expression(text))
    except (InvalidLicenseExpression, RecursionError, SyntaxError):
        return ""


def _short(text: str) -> str:
    """The text as one line of printable characters, and not a long one."""
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.split()).lstrip("# ")
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 3].rstrip()}..."
    return text
