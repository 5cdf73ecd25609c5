# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation quotes is what is shipped; contracts stand in headers."""
import glob
import os
import re

import corpus
import pytest

TOP = corpus.TOP


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def test_readme_shows_all_of_the_demo():
    """README.md says "this is all of the demo's": the shipped file but for its licence and comment."""
    shown = re.findall(r"^```dts\n(.*?)^```$", read("README.md"), re.M | re.S)
    shipped = re.sub(r"/\*.*?\*/\n", "", read("configs/virt/linux-rt.dts"), flags=re.S)
    assert shown == [shipped]


HEADERS = sorted(os.path.relpath(path, TOP) for room in ("base", "plan")
                 for path in glob.glob(os.path.join(TOP, f"hyp/{room}/*.h")))
PROTOTYPE = re.compile(r"^(?!static|typedef|#|\t|\}| |struct \w+ \{|enum \w+ \{)([\w *]+?)\b(\w+)\([^;{]*\)[^;{]*;(.*)$", re.M)


def prototypes(text):
    """(name, what it returns, the comment that is its) of each function that is declared."""
    for match in PROTOTYPE.finditer(text):
        above = re.search(r"/\*((?:(?!/\*).)*?)\*/\n\Z", text[:match.start()], re.S)
        beside = re.search(r"/\*(.*)\*/", match[3])
        yield match[2], match[1].strip(), " ".join(found[1] for found in (above, beside) if found)


def test_prototypes_are_found():
    found = {name for header in HEADERS for name, _, _ in prototypes(read(header))}
    assert found > {"plan_make", "guest_dt_build", "problem_report", "package_find", "host_find_prop", "panic"}


@pytest.mark.parametrize("header", HEADERS)
def test_functions_have_a_contract(header):
    """A comment of its own or of the group that it stands in; and a function that returns errors says which."""
    grouped = set()
    for block in re.split(r"\n\n", read(header)):
        names = [name for name, _, _ in prototypes(block + "\n")]
        if "/*" in block:
            grouped.update(names)
    for name, gives, comment in prototypes(read(header)):
        assert comment or name in grouped, f"{header}: {name}() has no comment"
        if "enum err" in gives:
            assert re.search(r"ERR_[A-Z]+", comment), f"{header}: {name}() does not say which errors it gives"


@pytest.mark.parametrize("header", ["tools/tool.h", "hyp/plan/plan_int.h", "hyp/plan/host_int.h"])
def test_files_that_headers_name_are_there(header):
    named = re.findall(r"^\s*/?\*+ (\w+\.c)\b", read(header), re.M)
    assert named and all(os.path.exists(os.path.join(TOP, os.path.dirname(header), name)) for name in named), named


# ---- the English of the documents: docs/style.md ----

PLAIN = ["README.md"] + sorted(os.path.relpath(path, TOP) for path in glob.glob(os.path.join(TOP, "docs/*.md")))
GUESTS = sorted(os.path.relpath(path, TOP) for path in glob.glob(os.path.join(TOP, "docs/guests/*.md")))
AVERAGE, LONGEST = 18, 40		# words a sentence

PLAIN += GUESTS + ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "configs/virt/README.md", "docs/guide.md"]

# Verbs that hide what happens, and "who" for code: the term of the field says it.
PRIVATE = [r"\bwho (writes|asks|looks|sends|receives|makes|holds|ends|waits)\b", r"\btells?\b", r"\btold\b",
           r"\blooks? after\b",
           r"\bcomes? (past|by)\b", r"\bgoes on\b", r"\bis judged\b", r"\bfor good\b", r"\bby heart\b",
           r"\banybody\b", r"\bnobody\b"]


def prose(text):
    """The paragraphs and list items of a page, each one text: no code, tables, headings, pictures or comments."""
    text = re.sub(r"^```.*?^```$|<!--.*?-->", "", text, flags=re.M | re.S)
    blocks, code, fresh = [], False, True
    for line in text.splitlines():
        code = line.startswith("    ") and (code or fresh)
        if not line.strip() or code or re.match(r"#|\||!\[", line):
            fresh = True
            continue
        item = re.match(r"\s*([-*]|\d+\.) +", line)
        if item or fresh:
            blocks.append("")
        blocks[-1] += " " + line[item.end() if item else 0:].strip()
        fresh = False
    return blocks


def sentences(text):
    for block in prose(text):
        yield from (found for found in re.split(r"(?<=[.!?])[)\"*_]*\s+", block.strip()) if re.search(r"\w", found))


def length(sentence):
    return sum(1 for word in sentence.split() if re.search(r"\w", word))


def test_sentences_are_found():
    page = """# A heading

One two. Three
four (five six.) Seven 7.2 `eight.c`?

    code. is none.

- An item
  of five words
- Two words
    1. Three words here

| a table. | none |

```python
code. too.
```
"""
    assert [length(found) for found in sentences(page)] == [2, 4, 3, 5, 2, 3]


@pytest.mark.parametrize("page", PLAIN)
def test_sentences_are_short(page):
    found = [(length(sentence), sentence) for sentence in sentences(read(page))]
    if page == "docs/README.md":
        assert not found, "an index of tables; it has sentences now"
        return
    assert found and max(found)[0] <= LONGEST, max(found)
    average = sum(n for n, _ in found) / len(found)
    assert average <= AVERAGE, f"{average:.1f} words a sentence"


@pytest.mark.parametrize("page", PLAIN)
def test_words_are_those_of_the_field(page):
    text = re.sub(r"^```.*?^```$", "", read(page), flags=re.M | re.S)
    text = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    assert not [found[0] for word in PRIVATE for found in re.finditer(word, text, re.I)]


# ---- references ----

REFERENCE = re.compile(r'docs/([\w-]+\.md), "([^"]*)"')


def sources():
    """What may refer to a document: all that git has, but pictures and logs."""
    for room in ("README.md", "Makefile", "boot", "configs", "docs", "drivers", "guests", "hyp", "scripts", "tests",
                 "tools"):
        top = os.path.join(TOP, room)
        for path in [top] if os.path.isfile(top) else glob.glob(os.path.join(top, "**"), recursive=True):
            if os.path.isfile(path) and re.search(r"(Makefile|\.(md|c|h|S|def|py|dts|dtsi|pml|mk|1|yaml))$", path):
                yield path


def test_sections_that_are_named_are_there():
    """A page and a name in quotes: a heading of that page, or the bold words that a paragraph there begins with."""
    seen = 0
    for path in sources():
        with open(path, encoding="utf-8", errors="replace") as file:
            text = re.sub(r"\s*\n[ \t]*(\*|#|//)?[ \t]*", " ", file.read())
        for page, name in REFERENCE.findall(text):
            headings = re.findall(r"^#+ (.*)$|^\*\*(.*?)\.\*\*", read("docs", page), re.M)
            assert name in {one or other for one,
                            other in headings}, f"{os.path.relpath(path, TOP)}: docs/{page}, {name!r}"
            seen += 1
    assert seen > 20


DOCUMENTS = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "configs/virt/README.md",
             *GUESTS, *sorted(os.path.relpath(path, TOP) for path in glob.glob(os.path.join(TOP, "docs/*.md")))]


def anchors(text):
    """Those of headings, as forges make them."""
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    for link in re.findall(r"\]\(([^)\s]+)\)", read(name)):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        assert os.path.exists(os.path.join(TOP, target)), f"{name}: {link}"
        if anchor:
            assert anchor in anchors(read(target)), f"{name}: {link}"


def test_gallery_has_each_example():
    shown = re.findall(r"^\| \[([\w-]+)\]\(\1\.dts\) \| `make run CONFIG=virt/\1` \| .+ \|$",
                       read("configs/virt/README.md"), re.M)
    shipped = [os.path.basename(path)[:-4] for path in glob.glob(os.path.join(TOP, "configs/virt/*.dts"))]
    assert sorted(shown) == sorted(shipped)


@pytest.mark.parametrize("page", [page for page in GUESTS if not page.endswith("README.md")])
def test_guest_page_shows_its_configurations(page):
    """Each guest's node that the page shows is that of the shipped file, and the index has the page."""
    assert f"({os.path.basename(page)})" in read("docs/guests/README.md")
    shown = [re.sub(r"^ {4}", "", block, flags=re.M) for block in
             re.findall(r"^    [\w-]+ \{\n(?:     .*\n)+    \};\n", read(page), re.M)]
    shipped = "".join(read(path).expandtabs(8) for name in re.findall(r"configs/(virt/[\w-]+)\.dts", read(page))
                      for path in [f"configs/{name}.dts"])
    assert shown
    for node in shown:
        assert re.sub(r"^", " " * 8, node, flags=re.M).rstrip(" ") in shipped, node


def test_guide_names_what_is_there():
    """Files, functions of the example and arguments that the guide names."""
    guide = read("docs/guide.md")
    for path in re.findall(r"`((?:hyp|guests|tools|configs|docs|tests)/[\w./,-]+\.\w+)`", guide):
        assert os.path.exists(os.path.join(TOP, path)), path
    assert "read_watchdog" in read("hyp/plan/config_prop.c")
    for name in ("plan.h", "plan_print.c"):
        assert "watchdog_ms" in read("hyp/plan", name)
    told = set(re.findall(r"^\| `(rt\.\w+)=", guide, re.M))
    assert told == set(re.findall(r'arg_u64\("(rt\.\w+)"', read("guests/rt/rt.c")))
    lines = sum(len(read("guests/template", name).splitlines()) for name in ("start.S", "main.c", "link.ld"))
    assert f"{lines} lines in three files" in guide
