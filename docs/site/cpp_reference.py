"""Writes the reference of the C++ interface as Markdown, a page for each public header, from the XML
that Doxygen makes of the headers.

usage: cpp_reference.py XML_FOLDER HEADERS_FOLDER OUTPUT_FOLDER
"""

from __future__ import annotations

import pathlib
import re
import sys
import xml.etree.ElementTree as tree

#: Kinds of members, in the order in which a page shows them.
KINDS = ("enum", "typedef", "variable", "function")
#: Inside the library: nobody calls them.
HIDDEN = re.compile(r"\bredlock::(detail|manager|needs)\b")
INNER_WORDS = ("For the library itself",)


def escaped(text: str) -> str:
    return re.sub(r"([\\*_<\[\]|])", r"\\\1", text)


def inline(node: tree.Element) -> str:
    """The text of an element as Markdown."""
    parts = [escaped(node.text or "")]
    for child in node:
        inner = inline(child)
        plain = "".join(child.itertext())
        if child.tag == "computeroutput":
            inner = f"`{plain}`"
        elif child.tag == "ulink":
            inner = f"[{inner}]({child.get('url')})"
        elif child.tag == "emphasis":
            inner = f"*{inner}*"
        elif child.tag == "bold":
            inner = f"**{inner}**"
        parts += [inner, escaped(child.tail or "")]
    return "".join(parts)


def blocks(node: tree.Element | None) -> list[str]:
    """The paragraphs, lists and pieces of code of a description, as blocks of Markdown."""
    found: list[str] = []
    for para in [] if node is None else node.findall("para"):
        text = escaped(para.text or "")
        for child in para:
            block = None
            if child.tag in ("itemizedlist", "orderedlist"):
                items = (" ".join(blocks(item)) for item in child.findall("listitem"))
                block = "\n".join(f"- {item}" for item in items)
            elif child.tag in ("programlisting", "verbatim"):
                block = f"```cpp\n{code_of(child)}\n```"
            if block is None:
                holder = tree.Element("para")
                holder.append(child)
                text += inline(holder)
            else:
                found += [text.strip(), block]
                text = escaped(child.tail or "")
        found.append(text.strip())
    return [each for each in found if each]


def code_of(node: tree.Element) -> str:
    if node.tag == "verbatim":
        return (node.text or "").strip("\n")
    lines = []
    for line in node.findall("codeline"):
        for space in line.iter("sp"):
            space.text = " "
        lines.append("".join(line.itertext()))
    return "\n".join(lines)


def description(node: tree.Element) -> list[str]:
    return blocks(node.find("briefdescription")) + blocks(node.find("detaileddescription"))


def text_of(node: tree.Element, tag: str) -> str:
    found = node.find(tag)
    return "" if found is None else re.sub(r"\s+", " ", "".join(found.itertext())).strip()


def tidy(code: str) -> str:
    """Doxygen's spacing within angle brackets, as the headers have it."""
    code = re.sub(r"REDLOCK_API\s*", "", code)
    code = re.sub(r"&&\s*(?=\w)", "&& ", code)
    return re.sub(r"\s+([&*>,)])", r"\1", re.sub(r"<\s+", "<", code)).replace("=", " = ").replace(
        " =  = ", " == ").replace("operator = ", "operator=")


def declaration(member: tree.Element) -> str:
    kind, name = member.get("kind"), text_of(member, "name")
    if kind == "enum":
        strong = "enum class" if member.get("strong") == "yes" else "enum"
        return f"{strong} {name}"
    if kind == "typedef":
        return tidy(f"using {name} = {text_of(member, 'type')};").replace(" =  ", " = ").replace(
            "  = ", " = ")
    words = [word for word in ("explicit", "static") if member.get(word) == "yes"]
    shown = " ".join(filter(None, (*words, text_of(member, "type"), name)))
    if kind == "variable":
        value = text_of(member, "initializer").lstrip("= ").rstrip()
        value = f" {value}" if value.startswith("{") else f" = {value}" if value else ""
        return shown + value.replace(" {", "{", 1) + ";"
    template = member.find("templateparamlist")
    arguments = []
    for param in [] if template is None else template:
        default = text_of(param, "defval")
        whole = " ".join(filter(None, (text_of(param, "type"), text_of(param, "declname"))))
        arguments.append(whole + (f" = {default}" if default else ""))
    head = f"template <{', '.join(arguments)}>\n" if arguments else ""
    return head + tidy(shown + text_of(member, "argsstring")).replace("  ", " ") + ";"


def enumeration(member: tree.Element) -> list[str]:
    rows = ["| value | meaning |", "| --- | --- |"]
    for value in member.findall("enumvalue"):
        rows.append(f"| `{text_of(value, 'name')}` | {' '.join(description(value))} |")
    return ["\n".join(rows)]


def is_shown(member: tree.Element) -> bool:
    said = " ".join(description(member))
    return (member.get("prot") == "public" and member.get("kind") in KINDS
            and not any(word in said for word in INNER_WORDS))


def member_blocks(member: tree.Element) -> list[str]:
    shown = [f"```cpp\n{declaration(member)}\n```", *description(member)]
    return shown + (enumeration(member) if member.get("kind") == "enum" else [])


def members_of(compound: tree.Element) -> list[tree.Element]:
    found = [each for each in compound.iter("memberdef") if is_shown(each)]
    return sorted(found, key=lambda each: KINDS.index(each.get("kind") or ""))


def is_plain_field(member: tree.Element) -> bool:
    return member.get("kind") == "variable"


def fields(members: list[tree.Element]) -> list[str]:
    """The fields of a struct, as one table."""
    rows = ["| field | meaning |", "| --- | --- |"]
    for member in members:
        said = " ".join(each for each in description(member) if not each.startswith("```"))
        code = declaration(member).rstrip(";").replace("|", "\\|")
        rows.append(f"| `{code}` | {said} |")
    return ["\n".join(rows)] if members else []


def class_blocks(compound: tree.Element) -> list[str]:
    name = text_of(compound, "compoundname").removeprefix("redlock::")
    shown = [f"## {compound.get('kind')} {escaped(name)}", *description(compound)]
    members = members_of(compound)
    shown += fields([each for each in members if is_plain_field(each)])
    seen = set()
    for member in members:
        if is_plain_field(member):
            continue
        title = text_of(member, "name")
        if title not in seen:
            shown.append(f"### {escaped(title)}")
        seen.add(title)
        shown += member_blocks(member)
    return shown


def opening_words(header: pathlib.Path) -> str:
    """The comment at the top of a header says what it is for."""
    lines = []
    for line in header.read_text(encoding="utf-8").splitlines():
        if not line.startswith("//"):
            break
        lines.append(line.removeprefix("//").strip())
    return " ".join(lines).replace("<", "\\<")


def header_of(node: tree.Element) -> str:
    location = node.find("location")
    return "" if location is None else pathlib.Path(location.get("file") or "").name


def pages(xml: pathlib.Path, headers: pathlib.Path) -> dict[str, str]:
    """The pages by their names."""
    by_header: dict[str, list[str]] = {}
    compounds = []
    for path in sorted(xml.glob("*.xml")):
        compounds += tree.parse(path).getroot().findall("compounddef")
    for compound in compounds:
        name = text_of(compound, "compoundname")
        if HIDDEN.search(name) or compound.get("prot") == "private":
            continue
        if compound.get("kind") in ("class", "struct"):
            by_header.setdefault(header_of(compound), []).extend(class_blocks(compound))
    for compound in compounds:
        if compound.get("kind") != "namespace" or HIDDEN.search(text_of(compound, "compoundname")):
            continue
        titles = set()
        for member in members_of(compound):
            title = f"## {escaped(text_of(member, 'name'))}"
            block = by_header.setdefault(header_of(member), [])
            block += ([] if title in titles else [title]) + member_blocks(member)
            titles.add(title)
    result = {}
    for name, found in by_header.items():
        header = headers / name
        if not header.is_file() or not found:
            continue
        top = [f"# redlock/{escaped(name)}", opening_words(header),
               f"```cpp\n#include <redlock/{name}>\n```"]
        result[header.stem] = "\n\n".join([*top, *found]) + "\n"
    return result


def main() -> None:
    xml, headers, output = (pathlib.Path(each) for each in sys.argv[1:])
    output.mkdir(parents=True, exist_ok=True)
    made = pages(xml, headers)
    if "lock_manager" not in made:
        sys.exit("cpp_reference: Doxygen's XML holds no lock_manager: nothing to show")
    rows = ["# The C++ interface, header by header", "Made from the comments of the public headers. "
            "[The C++ interface](../cpp-interface.md) explains how the parts work together."]
    index = []
    for name, page in sorted(made.items()):
        (output / f"{name}.md").write_text(page, encoding="utf-8")
        first = opening_words(headers / f"{name}.hpp").split(". ")[0].rstrip(".")
        index.append(f"- [`redlock/{name}.hpp`]({name}.md): {first}")
    (output / "index.md").write_text("\n\n".join([*rows, "\n".join(index)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
