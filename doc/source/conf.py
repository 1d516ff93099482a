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
"""How Sphinx builds the documentation."""

import logging
import os
import subprocess
import sys

from docutils import nodes
from docutils.parsers.rst import Directive

sys.path[:0] = [os.path.abspath(".."), os.path.abspath("../..")]

project = "openstack_requirements"
author = "OpenStack contributors"
copyright = "OpenStack contributors"

extensions = [
    "manual_pages",
    "sphinx.ext.autodoc",
]


def has_history():
    """Whether the whole history of git is there, which reno reads."""
    question = ["git", "rev-parse", "--is-shallow-repository"]
    try:
        done = subprocess.run(
            question, capture_output=True, check=False, text=True
        )
    except FileNotFoundError:
        return False
    return done.stdout.strip() == "false"


class WithoutHistory(Directive):
    """Stands for reno's directive where there is no history to read."""

    def run(self):
        text = "They are left out here: this copy has no history of git."
        return [nodes.paragraph(text=text)]


if has_history():
    extensions.append("reno.sphinxext")

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]

# A man page is read where nothing can be clicked.
man_show_urls = True

# Of the release notes, too, only what is wrong is shown.
logging.getLogger("reno").setLevel(logging.WARNING)

# Types stand in the signatures as the code has them.
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True

# What is quoted is text of files and terminals unless it says otherwise.
highlight_language = "none"


def skip(_app, _what, _name, obj, _skipped, _options):
    """Leave out the fields of named tuples: the signature has them."""
    text = getattr(obj, "__doc__", None) or ""
    return True if text.startswith("Alias for field number") else None


def setup(app):
    if "reno.sphinxext" not in extensions:
        app.add_directive("release-notes", WithoutHistory)
    app.connect("autodoc-skip-member", skip)
