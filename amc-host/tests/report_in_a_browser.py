"""A run's report.html in a real browser: what it shows, beside summary.json; what it fetches and executes: nothing.

    sudo apt-get install chromium
    python3 -m venv venv && venv/bin/pip install playwright
    venv/bin/python amc-host/tests/report_in_a_browser.py target/release/amc

The browser is the one named in CHROMIUM, or else of that name in PATH, or else playwright's own (playwright install chromium).
"""

import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = [
    "<script>document.title = 1</script>",
    "<img src=x onerror=\"document.title=1\">",
    "a & b &amp; \"c\" 'd' </svg>",
    "日本語 ü 😀",
]
NARROW = 400


def tables(folder):
    """Two tables: of classes with such names, far apart but for some; and of numbers with a title of the kind."""
    rng = random.Random(1)
    cell = lambda text: '"' + text.replace('"', '""') + '"'
    point = lambda kind, spread: f"{2 * (kind % 2) + rng.gauss(0, spread):.3f},{2 * (kind // 2) + rng.gauss(0, spread):.3f}"
    rows = [f"{point(row % 4, 0.7)},{cell(NAMES[row % 4])}" for row in range(400)]
    (folder / "classes.csv").write_text("\n".join(["x<b>,y & z,target", *rows]) + "\n", encoding="utf-8")
    rows = []
    for _ in range(200):
        x = rng.uniform(-2, 2)
        rows.append(f"{x:.4f},{100 + 40 * x * x + rng.gauss(0, 5):.3f}")
    (folder / "numbers.csv").write_text("\n".join([f"x,{cell(NAMES[0])}", *rows]) + "\n", encoding="utf-8")


def train(program, folder, table, *more):
    """A run's report and summary."""
    # Of so large moves many are rejected: sigma falls.
    options = ["train", "--data", table, "--steps", "3000", "--sigma", "0.1", "--threads", "1", *more]
    subprocess.run([program, *options], cwd=folder, check=True, capture_output=True)
    run = folder / "runs" / Path(table).stem
    return run / "report.html", json.loads((run / "summary.json").read_text(encoding="utf-8"))


def open_report(browser, path, **how):
    """The page, which must load itself and nothing else, say nothing and ask nothing."""
    page = browser.new_page(**how)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.goto(path.as_uri(), wait_until="load")
    page.wait_for_function("document.readyState === 'complete'")
    assert asked == [path.as_uri()], asked
    assert not said, said
    assert page.locator("script, img, iframe, object, embed, link, [onerror], [onload]").count() == 0
    assert page.title() == f"amc: {path.parent.name}.csv", page.title()
    return page


def rows(page, table):
    return [row.locator("th, td").all_inner_texts() for row in page.locator(f"{table} tr").all()]


def box(element):
    found = element.bounding_box()
    assert found and found["width"] > 0 and found["height"] > 0 and element.is_visible(), element
    return found


def is_in(inner, outer):
    x, y = inner["x"] + inner["width"] / 2, inner["y"] + inner["height"] / 2
    return outer["x"] <= x <= outer["x"] + outer["width"] and outer["y"] <= y <= outer["y"] + outer["height"]


def check_curve(page, figure, colours):
    """A curve of each colour, drawn over most of the picture's width, beside an axis with numbers."""
    picture = box(page.locator(f"{figure} svg"))
    for colour in colours:
        curve = page.locator(f"{figure} polyline[stroke='{colour}']")
        assert curve.count() == 1, (figure, colour, curve.count())
        drawn = box(curve)
        assert is_in(drawn, picture) and drawn["width"] > 0.6 * picture["width"], (figure, colour, drawn, picture)
        assert curve.evaluate("line => line.getTotalLength()") > drawn["width"] - 1
        assert curve.evaluate("line => line.points.numberOfItems") > 20, (figure, colour)
    texts = [text.strip() for text in page.locator(f"{figure} text").all_text_contents()]
    assert sum("e" in text and text[0].isdigit() for text in texts) >= 2, f"{figure}: numbers at the axis: {texts}"


def check_numbers(page, summary):
    shown = dict(rows(page, "#summary"))
    if summary["test_accuracy"] is not None:
        assert shown["accuracy, test"] == f"{100 * summary['test_accuracy']:.1f}%", shown
        assert shown["accuracy, train"] == f"{100 * summary['train_accuracy']:.1f}%", shown
    assert shown["acceptance rate"] == f"{summary['acceptance_rate']:.4f}", shown
    assert shown["CRC-32 of the parameters"] == summary["params_hash"], shown
    for name in ["loss", "steps", "sigma", "parameters"]:
        assert abs(float(shown[name]) - summary[name]) <= 1e-6 * abs(summary[name]), (name, shown)


def check_confusion(page, part, metrics):
    """Counts in their cells; all classes have some that are found, so that the outermost cells are there."""
    table = rows(page, f"h2:has-text('samples to {part}') + .wide")
    assert [row[0] for row in table[1:]] == [each["class"] for each in metrics["classes"]], table
    assert sorted(row[0] for row in table[1:]) == sorted(NAMES), table
    for row, each in zip(table[1:], metrics["classes"]):
        wanted = [f"{each[name]:.3f}" for name in ["precision", "recall", "f1"]] + [str(each["samples"])]
        assert row[1:] == wanted, (row, wanted)
    cells = [box(cell) for cell in page.locator(f"#quality-{part} rect:not([fill='#FFFFFF'])").all()]
    texts = [(text.text_content().strip(), box(text)) for text in page.locator(f"#quality-{part} text").all()]
    left, top = min(cell["x"] for cell in cells), min(cell["y"] for cell in cells)
    shown = {}
    for cell in cells:
        place = round((cell["y"] - top) / cell["height"]), round((cell["x"] - left) / cell["width"])
        (count,) = [text for text, at in texts if is_in(at, cell)]
        shown[place] = int(count)
    counts = {
        (row, column): count for row, found in enumerate(metrics["confusion"]) for column, count in enumerate(found) if count
    }
    assert shown == counts, (part, shown, counts)
    # Names beside the rows: whole, or so much of them that they are told apart; none over the picture's edge.
    picture = box(page.locator(f"#quality-{part} svg"))
    for text, at in texts:
        inside = at["x"] >= picture["x"] - 1 and at["x"] + at["width"] <= picture["x"] + picture["width"] + 1
        assert inside, f"{text} is cut off: {at} in {picture}"
    for name in NAMES:
        assert sum(text.rstrip("…") == name[: len(text.rstrip("…"))] and len(text) > 3 for text, _ in texts) == 2, (name, texts)


def check_errors(page, part, metrics, samples):
    head, row = rows(page, f"h2:has-text('samples to {part}') + .wide")
    shown, (errors,) = dict(zip(head, row)), metrics
    for name, wanted in [("RMSE", errors["rmse"]), ("MAE", errors["mae"]), ("R2", errors["r2"])]:
        assert abs(float(shown[name]) - wanted) <= 0.005 * abs(wanted), (part, shown, errors)
    picture = box(page.locator(f"#quality-{part} svg"))
    points = page.locator(f"#quality-{part} circle")
    assert points.count() == samples, (part, points.count())
    boxes = points.evaluate_all("all => all.map(point => point.getBoundingClientRect().toJSON())")
    assert all(at["width"] > 0 and is_in(at, picture) for at in boxes)
    texts = [text.strip() for text in page.locator(f"#quality-{part} text").all_text_contents()]
    assert "true" in texts and "found" in texts, texts


def check_run(page, program, folder, table, summary):
    """The settings; and the command, word by word, comes to the same parameters."""
    shown = dict(rows(page, "#settings"))
    for name, wanted in [("steps", "3000"), ("seed", "1"), ("sigma at the start", None), ("epsilon", None), ("layers", None)]:
        assert name in shown and wanted in (None, shown[name]), (name, shown)
    command = shlex.split(page.locator("#command").inner_text())
    assert command[:4] == ["amc", "train", "--data", table], command
    said = subprocess.run([program, *command[1:], "--force", "--json"], cwd=folder, check=True, capture_output=True)
    again = json.loads(said.stdout)
    assert again["params_hash"] == summary["params_hash"], (again["params_hash"], command)


def check_elsewhere(browser, path):
    """On a telephone nothing goes over the edge and letters are those of a telephone; the dark changes nothing."""
    page = open_report(browser, path, viewport={"width": NARROW, "height": 800}, is_mobile=True, has_touch=True)
    widths = page.evaluate("[innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]")
    assert max(widths) <= NARROW, widths
    for picture in page.locator("svg").all():
        assert box(picture)["width"] > 0.85 * NARROW, "pictures have the width that there is"
    seen = []
    for scheme in ["light", "dark"]:
        page = open_report(browser, path, color_scheme=scheme)
        seen.append(page.screenshot(full_page=True))
    assert seen[0] == seen[1], "a page of black letters on white stays one"


def main():
    program = Path(sys.argv[1]).resolve()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = Path(folder)
        tables(folder)
        browser = playwright.chromium.launch(executable_path=chromium)
        for table in ["classes.csv", "numbers.csv"]:
            path, summary = train(program, folder, table)
            page = open_report(browser, path)
            check_numbers(page, summary)
            is_classes = table == "classes.csv"
            check_curve(page, "#loss", ["#0000FF", "#FF0000"] if is_classes else ["#0000FF"])
            check_curve(page, "#moves", ["#0000FF", "#FF0000"])
            for part, samples in [("test", 40), ("train", 160)]:
                if is_classes:
                    check_confusion(page, part, summary[part])
                else:
                    check_errors(page, part, summary[part], samples)
            assert f"{path.parent.name}.csv: " in page.locator("#data").inner_text()
            check_elsewhere(browser, path)
            check_run(page, program, folder, table, summary)
            print(f"{table}: as it should be")
        browser.close()


if __name__ == "__main__":
    main()
