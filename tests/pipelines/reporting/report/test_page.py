import base64
import re
from html.parser import HTMLParser

import pytest

from cifar_kedro.config import Experiment
from cifar_kedro.datasets.identical_images import COUNTS
from cifar_kedro.evaluation.runs import Results
from tests.helpers.report import SHEET, TEST, make_report
from tests.helpers.runs import BLOCKS, EXPERIMENTS, make_run

VOID = {"meta", "link", "br", "img"}


class Checker(HTMLParser):
    """Collects ids and addresses, and checks that elements are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs[a] for a in ("href", "src", "xlink:href") if a in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if tag not in VOID:
            self.handle_starttag(tag, attrs)
            self.open.pop()
        else:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def checked(report):
    checker = Checker()
    checker.feed(report[0])
    checker.close()
    return checker


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def section(page: str, name: str) -> str:
    return page[page.index(f'<h2 id="{name}"') :].split("</section>", maxsplit=1)[0]


def test_the_page_is_whole(checked):
    assert checked.open == []
    assert len(checked.ids) == len(set(checked.ids))


def test_the_page_needs_nothing_else(report, checked):
    page, _, _ = report
    assert all(link.startswith(("#", "data:")) for link in checked.links)
    assert {link[1:] for link in checked.links if link.startswith("#")} <= {
        *checked.ids
    }
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", page))
    assert all(a.startswith("http://www.w3.org/") for a in addresses)  # of XML names


def test_the_head_counts_what_has_run(report):
    head = text(report[0])
    assert "3 of 4 experiments have run, 2 to their own end" in head


def test_the_objectives_name_the_experiments_that_meet_them(report):
    met = "80 % from the architecture alone: exp1; 90 %: exp1."
    assert met in text(report[0])


def test_what_has_not_run_is_listed_with_its_command(report):
    assert "kedro run --pipelines exp11,reporting" in text(section(report[0], "exp11"))
    assert "`kedro run --pipelines exp11,reporting`" in report[1]


def test_runs_that_cannot_be_read_are_listed_and_escaped(report):
    assert "OSError: &lt;broken&gt; &amp; gone" in report[0]
    assert "\n- `exp1/seed-4`: OSError: <broken> & gone\n" in report[1]


def test_seeds_are_described_as_far_as_there_are_several(report):
    page = report[0]
    assert (
        "Over 2 seeds, the mean test accuracy is 60.50 %, the standard deviation 0.71"
        in (text(section(page, "exp0")))
    )
    assert "One seed says nothing of the variation" in section(page, "exp1")
    assert "No run is complete" in section(page, "exp7")


def test_experiments_with_several_seeds_have_a_table(report):
    page, markdown, _ = report
    table = text(page.split("Over several seeds")[1].split("</table>")[0])
    assert table.endswith(
        "exp0 2 60.50 % 0.71 60.00 % 61.00 % \N{EN DASH} 60.58 % \N{MINUS SIGN}0.08"
    )
    assert (
        "| exp0 | 2 | 60.50 % | 0.71 | 60.00 % | 61.00 % | \N{EN DASH} | 60.58 % |"
        in markdown
    )


def test_numbers_of_a_section(report):
    found = text(section(report[0], "exp1"))
    assert "90.00 % [87.1, 92.3] 1.234 0.200" in found  # ECE: confidence is 0.7
    assert "Against exp0, seed 0: +30.00 points [" in found
    assert "The original report has +14.18" in found
    assert "training.epochs 500 100" in found
    assert "Network: 1,000 parameters, 27,808 MACs per image" in found


def test_identical_images_are_told_where_the_provenance_stands():
    counted = make_run("exp0", 0.6, images=500)
    counted.metrics["provenance"]["identical_images"] = dict.fromkeys(COUNTS, 0) | {
        "validation_in_train": 1234
    }
    older = make_run("exp1", 0.9, images=500)
    chosen = {name: EXPERIMENTS[name] for name in ("exp0", "exp1")}
    page, markdown, _ = make_report(Results(chosen, [counted, older]))
    sentence = "Identical images: 1,234 of validation in train, too."
    for part in (section(page, "exp0"), markdown):
        assert sentence in part
        assert "identical_images.validation_in_train" in part
    assert "Identical images: not counted." in section(page, "exp1")


def test_every_figure_is_on_the_page_and_in_the_markdown(report):
    page, markdown, figures = report
    assert "are missing" not in page + markdown
    assert page.count(' role="img"') == len(figures) == 2 + 3 * 5
    for name in figures:
        assert f"](report_figures/{name}.svg)" in markdown


def test_the_sheet_of_augmented_images_is_embedded_or_linked(report):
    page, markdown, _ = report
    assert base64.b64encode(SHEET).decode() in section(page, "exp7")
    assert "](exp7/seed-0/augmented_images.png)" in markdown


def test_the_claims_have_their_verdicts(report):
    claims = section(report[0], "claims").split('id="methods"')[0]
    assert claims.count('class="verdict ') == 13
    assert "11 not run" in text(claims)
    assert "disagrees so far (n = 2)" in text(claims)


def test_three_seeds_of_a_pair_have_their_means_and_what_a_further_one_shows():
    runs = [
        make_run(name, accuracy + 0.01 * seed, seed=seed, images=500)
        for name, accuracy in (("exp0", 0.6), ("exp1", 0.7))
        for seed in range(3)
    ]
    chosen = {name: EXPERIMENTS[name] for name in ("exp0", "exp1")}
    page, markdown, _ = make_report(Results(chosen, runs))
    table = text(page.split("Pairs over several seeds</h3>")[1].split("</table>")[0])
    assert "exp1 exp0 3, 3 +10.00 [+" in table
    assert "| exp1 | exp0 | 3, 3 | +10.00 | [+" in markdown
    sentence = "A further run would fall within [56.0, 66.0] % (95 %)."
    assert sentence in text(section(page, "exp0")) and sentence in markdown
    assert "contradicted (n = 3)" in text(section(page, "claims"))  # exp0 on train


def test_the_page_is_the_same_twice():
    runs = [make_run("exp0", 0.6, seed=seed, images=500) for seed in range(3)]
    results = Results({"exp0": EXPERIMENTS["exp0"]}, runs)
    assert make_report(results)[0] == make_report(results)[0]


def test_the_markdown_defines_its_words_and_names_where_runs_come_from(report):
    markdown = report[1]
    assert "<dt>Weights</dt>" in markdown.split("## Definitions")[1]
    assert "| `hardware.processor` | a processor |" in markdown
    assert "**disagrees so far** (n = 2) |" in markdown  # exp0 on train


def test_markdown_tables_have_as_many_cells_as_headings(report):
    tables = re.findall(r"(?:^\|.*\n)+", report[1], re.M)
    assert len(tables) > 5
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_one_experiment_alone_is_reported_on():
    run = make_run("exp0", 1.0, images=500)
    page, _, figures = make_report(Results({"exp0": EXPERIMENTS["exp0"]}, [run]))
    assert "1 of 1 experiments have run" in text(page)
    assert "Over several seeds" not in page
    assert page.count(' role="img"') == len(figures) == 7
    assert "12 not run" in text(page)


@pytest.mark.parametrize(
    "test", [{}, TEST | {"labels": TEST["labels"][::-1]}], ids=["none", "others"]
)
def test_without_the_images_it_was_tested_on_a_run_shows_no_mistakes(test):
    run = make_run("exp0", 0.6, images=500)
    report = make_report(Results({"exp0": EXPERIMENTS["exp0"]}, [run]), test)
    page, markdown, figures = report
    assert "exp0-mistakes" not in figures and "exp0-reliability" in figures
    reason = (
        "05_model_input/test.npz does not hold the images that this run was tested on"
    )
    assert reason in text(page)
    assert reason in markdown.replace("`", "")


def test_failures_alone_are_reported_on():
    failures = {"exp0/seed-0": "failed: MemoryError: not enough"}
    experiments = {name: EXPERIMENTS[name] for name in ("exp0", "exp1")}
    page, _, figures = make_report(Results(experiments, [], failures))
    assert "0 of 2 experiments have run" in text(page)
    assert "exp0/seed-0 : failed: MemoryError: not enough" in text(page)
    assert set(figures) == {"accuracy_cost", "gains"}


def test_an_experiment_of_ones_own_is_compared_outside_of_the_reports_family():
    block = BLOCKS["exp1"] | {"name": "mine", "builds_on": "exp0", "reported": None}
    experiments = {
        "exp0": EXPERIMENTS["exp0"],
        "mine": Experiment.model_validate(block),
    }
    runs = [make_run(name, 0.6, images=500) for name in experiments]
    page, _, _ = make_report(Results(experiments, runs))
    assert "McNemar's p = 1.000, not adjusted" in text(section(page, "mine"))
