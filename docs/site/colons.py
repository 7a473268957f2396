"""An extension of griffe: the two colons before a piece of code in a docstring become one in Markdown."""

import re

import griffe


class Colons(griffe.Extension):
    """Rewrites each docstring as it is read."""

    def on_instance(self, *, obj: griffe.Object, **_: object) -> None:
        if obj.docstring and not obj.is_alias:
            obj.docstring.value = re.sub(r"::$", ":", obj.docstring.value.replace("``", "`"), flags=re.M)
