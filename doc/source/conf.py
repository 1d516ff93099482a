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

import os
import sys

sys.path.insert(0, os.path.abspath("../.."))

project = "openstack_requirements"
author = "OpenStack contributors"
copyright = "OpenStack contributors"

extensions = [
    "openstackdocstheme",
    "sphinx.ext.autodoc",
]

html_theme = "openstackdocs"
# Only the logo, the colours and the links of the theme; no guess at titles.
openstackdocs_repo_name = "openstack/requirements"
openstackdocs_auto_name = False

# Types stand in the signatures as the code has them.
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True

# What is quoted is text of files and terminals unless it says otherwise.
highlight_language = "none"
pygments_style = "native"


def skip(_app, _what, _name, obj, _skipped, _options):
    """Leave out the fields of named tuples: the signature has them."""
    text = getattr(obj, "__doc__", None) or ""
    return True if text.startswith("Alias for field number") else None


def setup(app):
    app.connect("autodoc-skip-member", skip)
