# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/bench found, as a table, as docs/bench.csv, docs/bench.svg and the table of docs/bench.md."""
import csv
import math
import os
import re

FIELDS = ("key", "run", "native", "min", "ours", "max", "exits", "own")
HEAD = ("operation", "native", "ours", "target", "", "recorded", "min..max", "exits", "our own")


def met(target, result):
    """True, False, or None without a target."""
    if target["target"] is None:
        return None
    few = target["exits"] is None or result.get("exits") is None or result["exits"] <= target["exits"]
    return result["ours"] <= target["target"] and few


def number(value):
    return "-" if value is None else f"{value:,}"


def cells(target, result, recorded):
    verdict = {True: "met", False: "MISSED", None: ""}[met(target, result)]
    spread = f"{number(result.get('min'))}..{number(result.get('max'))}" if "min" in result else ""
    wanted = number(target["target"])
    return (target["operation"], number(result.get("native")), number(result["ours"]), wanted, verdict,
            number(recorded.get("ours")), spread, number(result.get("exits")), number(result.get("own")))


def lines(targets, results, recorded):
    for target in targets:
        k = target["key"], target["run"]
        if k in results:
            yield cells(target, results[k], recorded.get(k, {}))


def table(targets, results, recorded):
    body = [HEAD, *lines(targets, results, recorded)]
    widths = [max(len(row[i]) for row in body) for i in range(len(HEAD))]
    out = ["  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                     for i, (cell, w) in enumerate(zip(row, widths))).rstrip() for row in body]
    return "\n".join([out[0], "-" * len(out[0]), *out[1:]])


def markdown(targets, results):
    head = ("operation", "native", "ours", "target", "", "exits", "our own")
    pick = (0, 1, 2, 3, 4, 7, 8)
    rows = [[row[i] for i in pick] for row in lines(targets, results, {})]
    text = ["| " + " | ".join(head) + " |", "|---|---:|---:|---:|---|---:|---:|"]
    return "\n".join(text + ["| " + " | ".join(row) + " |" for row in rows])


def put_table(top, name, text):
    """Puts a table between the two marks of that name in docs/bench.md."""
    path = os.path.join(top, "docs/bench.md")
    with open(path, encoding="utf-8") as file:
        page = file.read()
    marks = rf"(<!-- {name} -->\n).*?(\n<!-- end {name} -->)"
    page, found = re.subn(marks, lambda m: m[1] + text + m[2], page, flags=re.S)
    if found != 1:
        raise ValueError(f"{path}: no marks <!-- {name} --> and <!-- end {name} --> around a table")
    with open(path, "w", encoding="utf-8") as file:
        file.write(page)


def record(top, machine, targets, results, recorded):
    """recorded: the rows of docs/bench.csv; those of other machines stay as they are."""
    if machine == "aia":
        put_table(top, "aia", markdown(targets, results))
    results = {**{k: row for k, row in recorded.items() if k[1].startswith("aia") != (machine == "aia")}, **results}
    with open(os.path.join(top, "docs/bench.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        for (key, run), result in results.items():
            writer.writerow({"key": key, "run": run, **result})
    if machine == "aia":
        return
    with open(os.path.join(top, "docs/bench.svg"), "w", encoding="utf-8") as file:
        file.write(drawing(targets, results))
    put_table(top, "table", markdown(targets, results))


# ---- the drawing --------------------------------------------------------------------------------

LABELS, WIDTH, STEP, TOP, DECADES = 350, 480, 30, 64, 4
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .head { font-size: 15px; font-weight: 600 }
  .dim { fill: #57606a }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .ground { fill: #ffffff }
  .native { fill: #8c959f }
  .met { fill: #2a78c2 }
  .missed { fill: #d1570f }
  .target { stroke: #24292f; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .dim { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .ground { fill: #0d1117 }
    .native { fill: #656c76 }
    .met { fill: #58a6ff }
    .missed { fill: #f0883e }
    .target { stroke: #e6edf3 }
  }
"""


def place(value):
    """x of a number of instructions; 0 and 1 are a sliver, so that they can be seen."""
    return LABELS + max(math.log10(max(value, 1)) / DECADES * WIDTH, 3)


def bar(y, value, kind, height):
    return f'<rect class="{kind}" x="{LABELS}" y="{y}" width="{place(value) - LABELS:.1f}" height="{height}"/>'


def one_row(y, target, result):
    kind = "missed" if met(target, result) is False else "met"
    label = target["operation"].replace("&", "&amp;").replace("<", "&lt;")
    parts = [f'<text x="{LABELS - 10}" y="{y + 14}" text-anchor="end">{label}</text>']
    if result.get("native") is not None:
        parts.append(bar(y + 2, result["native"], "native", 6))
    parts.append(bar(y + 9, result["ours"], kind, 10))
    right = place(result["ours"])
    if target["target"] is not None:
        x = place(target["target"])
        parts.append(f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{y + 6}" y2="{y + 22}"/>')
        right = x if right < x < right + 40 else right	# the number never runs into the mark
    parts.append(f'<text class="dim" x="{right + 6:.1f}" y="{y + 18}">{result["ours"]:,}</text>')
    return parts


def legend(x, y):
    parts = []
    for kind, text, width in (("native", "native", 75), ("met", "ours", 60), ("missed", "ours, over the target", 160)):
        parts += [f'<rect class="{kind}" x="{x}" y="{y - 9}" width="14" height="9"/>',
                  f'<text class="dim" x="{x + 19}" y="{y}">{text}</text>']
        x += width
    return parts + [f'<line class="target" x1="{x}" x2="{x}" y1="{y - 11}" y2="{y + 2}"/>',
                    f'<text class="dim" x="{x + 7}" y="{y}">target</text>']


def drawing(targets, results):
    shown = [(t, results[t["key"], t["run"]]) for t in targets
             if (t["key"], t["run"]) in results and t["key"] not in ("boot", "text") and t["run"] != "start"]
    bottom = TOP + STEP * len(shown)
    parts = [f'<rect class="ground" width="{LABELS + WIDTH + 60}" height="{bottom + 40}"/>',
             '<text class="head" x="20" y="26">What a guest pays, in instructions</text>',
             *legend(LABELS, 26)]
    for decade in range(DECADES + 1):
        x = place(10 ** decade) if decade else LABELS
        parts += [f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom}"/>',
                  f'<text class="dim" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{10 ** decade:,}</text>']
    for i, (target, result) in enumerate(shown):
        parts += one_row(TOP + STEP * i, target, result)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LABELS + WIDTH + 60} {bottom + 40}" role="img" '
            f'aria-label="Instructions of each operation: native, ours, target">\n<style>{STYLE}</style>\n'
            + "\n".join(parts) + "\n</svg>\n")
