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
"""What is to be installed where something could not be built."""

from __future__ import annotations

import platform

import fixtures

from openstack_requirements.pep508.requirement import canonical_name
from openstack_requirements.repository import bindep
from openstack_requirements.tests import base, bounded


class TestSystemPackages(base.TestCase):
    def test_comments_name_distributions(self) -> None:
        path = self.write(
            "bindep.txt",
            "# About this file.\n"
            "\n"
            "gcc\n"
            "\n"
            "# python-ldap, and\n"
            "# Other_One.\n"
            "libldap2-dev [platform:dpkg]\n"
            "openldap-devel [platform:rpm]\n"
            "# libvirt-python\n"
            "libvirt-dev\n",
        )
        found = bindep.system_packages(path)
        ldap = [
            "libldap2-dev [platform:dpkg]",
            "openldap-devel [platform:rpm]",
        ]
        for name, packages in (
            ("python-ldap", ldap),
            ("other-one", ldap),
            ("libvirt-python", ["libvirt-dev"]),
            ("file", None),
        ):
            self.assertEqual(packages, found.get(canonical_name(name)))

    def test_many_names_of_many_lines(self) -> None:
        names = " ".join(f"n{number}" for number in range(30_000))
        path = self.write("bindep.txt", f"# {names}\n" + "x\n" * 30_000)
        self.assertEqual(0, bounded.run(lambda: bindep.system_packages(path)))
        found = bindep.system_packages(path)
        self.assertEqual(["x"] * 3, found[canonical_name("n7")])

    def test_no_file(self) -> None:
        self.assertEqual({}, bindep.system_packages("/no/such/file"))


class TestPlatforms(base.TestCase):
    LINES = (
        "gcc",
        "libx-dev [platform:dpkg]",
        "libx-devel [platform:rpm compile]",
        "libx2-devel [platform:suse]",
        "libz [!platform:suse test]",
        "gcc [platform:debian]",
        "[platform:emerge]",
    )

    def test_lines_of_a_platform(self) -> None:
        for platforms, expected in (
            ((), list(self.LINES)),
            (("dpkg", "debian"), ["gcc", "libx-dev", "libz"]),
            (("rpm", "suse"), ["gcc", "libx-devel", "libx2-devel"]),
            (("emerge",), ["gcc", "libz"]),
        ):
            found = bindep.for_platform(list(self.LINES), platforms)
            self.assertEqual(expected, found)

    def test_lines_that_name_no_package(self) -> None:
        for line in ("[platform:dpkg]", "[", "[] libx-dev"):
            found = bindep.for_platform([line, "gcc"], ("dpkg",))
            self.assertEqual(["gcc"], found, line)

    def test_this_platform(self) -> None:
        for release, expected in (
            ({"ID": "debian"}, {"debian", "dpkg"}),
            (
                {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"},
                {"linuxmint", "ubuntu", "debian", "dpkg"},
            ),
            (
                {"ID": "rocky", "ID_LIKE": "rhel centos fedora"},
                {"rocky", "rhel", "redhat", "fedora", "rpm"},
            ),
            (
                {"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"},
                {"opensuse-leap", "suse", "rpm"},
            ),
            ({"ID": "home-made"}, set()),
            ({}, set()),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(
                    "platform.freedesktop_os_release",
                    lambda release=release: release,
                )
            )
            self.assertEqual(expected, bindep.platforms())

    def test_a_system_that_does_not_say(self) -> None:
        def fails() -> dict[str, str]:
            raise FileNotFoundError

        self.useFixture(
            fixtures.MonkeyPatch("platform.freedesktop_os_release", fails)
        )
        self.assertEqual(frozenset(), bindep.platforms())
        self.assertIs(fails, platform.freedesktop_os_release)
