"""Tests the scripts that make the site: the pages as they are laid out, the reference of the headers, and
the look for what would be loaded from elsewhere.

usage: site_test.py docs/site
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree as tree

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))
import closed  # noqa: E402
import cpp_reference  # noqa: E402
import stage  # noqa: E402
import tutorial_test  # noqa: E402


class Laid(unittest.TestCase):
    """Pages in a folder of their own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve() / "root"
        self.output = self.root.parent / "pages"
        (self.root / "docs").mkdir(parents=True)
        (self.root / "code.cpp").write_text("int one;\n")

    def laid(self, text: str) -> stage.Stage:
        (self.root / "docs/page.md").write_text(text)
        done = stage.Stage(self.root, self.output)
        done.lay_all([self.root / "docs/page.md"])
        return done

    def page(self) -> str:
        return (self.output / "docs/page.md").read_text()

    def test_a_link_to_a_page_stays_and_the_page_comes_along(self) -> None:
        (self.root / "README.md").write_text("# Read me\n")
        self.laid("[first](../README.md#read-me)\n")
        self.assertEqual(self.page(), "[first](../README.md#read-me)\n")
        self.assertTrue((self.output / "README.md").is_file())

    def test_a_link_to_code_leads_to_a_page_that_shows_it(self) -> None:
        self.laid("[code](../code.cpp)\n")
        self.assertEqual(self.page(), "[code](../code.cpp.md)\n")
        self.assertIn("````cpp\nint one;\n````", (self.output / "code.cpp.md").read_text())

    def test_a_link_to_nothing_is_named_with_its_page(self) -> None:
        self.assertEqual(self.laid("[gone](gone.md)\n").broken, ["docs/page.md: no such file: gone.md"])

    def test_a_link_out_of_the_repository_is_refused(self) -> None:
        self.assertEqual(len(self.laid("[up](../../)\n").broken), 1)

    def test_code_and_addresses_stay_as_they_are(self) -> None:
        text = "```cpp\n[a](b)\n```\n[far](https://example.org/x)\n"
        self.assertEqual(self.laid(text).broken, [])
        self.assertEqual(self.page(), text)


MEMBER = """<memberdef kind="function" prot="public" static="no" explicit="yes"><type>bool</type>
<name>async_extend</name><argsstring>(std::vector&lt; int &gt; &amp;&amp;all=none) const</argsstring>
<briefdescription><para>Not <computeroutput>a_b</computeroutput> but a_b &lt;x&gt;.</para></briefdescription>
<detaileddescription><itemizedlist><listitem><para>one</para></listitem></itemizedlist></detaileddescription>
</memberdef>"""


class Reference(unittest.TestCase):
    """A member of Doxygen's XML as Markdown."""

    def setUp(self) -> None:
        self.member = tree.fromstring(MEMBER)

    def test_a_declaration_is_spaced_as_in_a_header(self) -> None:
        self.assertEqual(cpp_reference.declaration(self.member),
                         "explicit bool async_extend(std::vector<int>&& all = none) const;")

    def test_text_is_escaped_and_code_is_not(self) -> None:
        self.assertEqual(cpp_reference.description(self.member)[0], "Not `a_b` but a\\_b \\<x>.")

    def test_what_is_for_the_library_itself_is_left_out(self) -> None:
        self.assertTrue(cpp_reference.is_shown(self.member))
        para = self.member.find("briefdescription/para")
        para.text = "For the library itself."
        self.assertFalse(cpp_reference.is_shown(self.member))


class Closed(unittest.TestCase):
    """What a page loads."""

    def found(self, name: str, text: str) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / name
            path.write_text(text)
            return len(closed.loaded_by(path))

    def test_what_is_loaded_from_elsewhere_is_found(self) -> None:
        for text in ('<script src="https://a.b/c.js"></script>', '<img src="//a.b/c.png">',
                     '<link rel="stylesheet" href="http://a.b/c.css">'):
            self.assertEqual(self.found("a.html", text), 1, text)
        self.assertEqual(self.found("a.css", "@font-face{src:url(https://a.b/c.woff)}"), 1)

    def test_links_and_what_lies_beside_it_are_none(self) -> None:
        self.assertEqual(self.found("a.html", '<a href="https://a.b"></a><script src="c.js"></script>'
                                              '<link rel="canonical" href="https://a.b">'), 0)


class Tutorial(unittest.TestCase):
    """How commands and outputs of a page belong together."""

    def test_an_output_belongs_to_the_command_before_it(self) -> None:
        page = "```sh\na\n```\n```sh\nb\n```\n```text\nB\n```\n<!-- start -->\n```sh\nc\n```\n"
        self.assertEqual(tutorial_test.steps_of(page), [("a\n", ""), ("b\n", "B\n")])

    def test_an_output_without_a_command_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            tutorial_test.steps_of("```text\nB\n```\n")

    def test_small_numbers_must_agree_and_tokens_may_differ(self) -> None:
        same = tutorial_test.without_numbers
        self.assertNotEqual(same("ended with 75"), same("ended with 79"))
        self.assertEqual(same("fencing token 1796119944008334, 9.8s"), same("fencing token 99999, 9.6s"))


if __name__ == "__main__":
    unittest.main()
