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
"""Changes that are proposed to projects, on any forge.

A change is a value, made of git objects alone. What is wanted of a project and
what stands on its forge are values too, and :mod:`.reconcile` decides from
both what is done. A forge is a class with the methods of
:class:`.forges.Forge`; each is a module of its own. It imports all packages
but ``bootstrap`` and ``cmds``.

Start with :mod:`.proposal`, then :mod:`.reconcile`.
"""
