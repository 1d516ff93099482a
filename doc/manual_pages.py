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
"""Manual pages, from the same sources as the site: an extension of Sphinx.

Each console script has a page in section 1. What is common to all commands
is in section 7.
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes

ROOT = Path(__file__).resolve().parent.parent
#: The page of what is common to all commands.
OVERVIEW = "cli/index"


class ManualPage(NamedTuple):
    """A row of Sphinx's setting ``man_pages``."""

    source: str
    name: str
    description: str
    authors: list[str]
    section: int


def manual_pages() -> list[ManualPage]:
    """The manual pages: the overview, and one for each console script.

    The scripts are those of setup.cfg. What they are for is said by the
    overview: ``:doc:`name``` and a sentence below it.
    """
    scripts = re.findall(
        r"^([\w-]+) *=",
        _setup_cfg()["entry_points"]["console_scripts"],
        re.MULTILINE,
    )
    overview = ROOT / "doc" / "source" / f"{OVERVIEW}.rst"
    sentences = dict(
        re.findall(
            r"^ +:doc:`([\w-]+)`\n +((?:.+\n)+)",
            overview.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    return [
        ManualPage(
            OVERVIEW,
            "openstack-requirements",
            "what is common to the commands of a requirements repository",
            [],
            7,
        ),
        *(
            ManualPage(
                f"cli/{name}",
                name,
                " ".join(sentences[name].split()).rstrip("."),
                [],
                1,
            )
            for name in scripts
        ),
    ]


def _setup_cfg() -> configparser.ConfigParser:
    """What the distribution says of itself."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def resolve_links(app: Any, doctree: nodes.document, docname: str) -> None:
    """Write the links of a manual page as other manual pages do.

    A link to a command becomes ``name(1)``. One to a part of another page
    names that page as well, and any other becomes its text.
    """
    if app.builder.name != "man":
        return
    manuals = {page.source: page for page in app.config.man_pages}
    labels = app.env.get_domain("std").labels
    pages = {label: page for page, label, _title in labels.values()}
    for link in list(doctree.findall(nodes.reference)):
        address = link.get("refuri", "")
        if address and not address.startswith("#"):
            continue  # to another site, whose address is shown
        text = link.astext()
        target = manuals.get(f"cli/{text}")
        if target is not None and target.source != docname:
            link.replace_self(_name(target))
            continue
        target = manuals.get(pages.get(address[1:], ""))
        result = [nodes.inline(text=text)]
        if target is not None and target.source != docname:
            result += [nodes.Text(" in "), *_name(target)]
        link.replace_self(result)
    doctree.next_node(nodes.section).append(_see_also(app, docname))


def _name(page: ManualPage) -> list[nodes.Node]:
    """The name of a manual page, as it is written in others."""
    return [nodes.strong(text=page.name), nodes.Text(f"({page.section})")]


def _see_also(app: Any, docname: str) -> nodes.section:
    """The last section: the other manual pages, and the whole site."""
    names = nodes.paragraph()
    for page in app.config.man_pages:
        if page.source == docname:
            continue
        # The overview names all commands itself.
        if OVERVIEW in {page.source, docname}:
            names += [*_name(page), nodes.Text(", ")]
    address = _setup_cfg()["metadata"]["url"]
    names += nodes.Text("and the whole documentation: ")
    names += nodes.reference(text=address, refuri=address)
    section = nodes.section(ids=["see-also"])
    section += [nodes.title(text="See also"), names]
    return section


def setup(app: Any) -> dict[str, bool]:
    """Set the manual pages of Sphinx."""
    app.connect(
        "config-inited",
        lambda _app, config: setattr(config, "man_pages", manual_pages()),
    )
    app.connect("doctree-resolved", resolve_links)
    return {"parallel_read_safe": True}
