"""The three steps of the guide, as they stand there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from tests.helpers.paths import ROOT
from tests.helpers.photographs import write_photographs


def read_commands():
    """Read the commands of the three steps, and of the classification after them."""
    page = (ROOT / "docs/guides/own-images.md").read_text("utf-8")
    steps = page.split("## Your photographs in three steps")[1].split("\n### ")[0]
    return re.findall(r"```bash\n(.*?)\n```", steps, re.S)


def call(project, command):
    """Run a command of the guide in a shell."""
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "KEDRO_DISABLE_TELEMETRY": "1",
            "COLUMNS": "200",
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_photographs_of_all_kinds_are_learnt_and_classified_by_the_steps_of_the_guide(
    project,
):
    folders, template, train, classify = read_commands()
    call(project, folders)
    assert len(list((project / "data/photographs/train").iterdir())) == 3
    for folder in (project / "data/photographs/train").iterdir():
        folder.rmdir()  # its classes have other names
    write_photographs(project / "data/photographs/train", 30, seed=0)
    call(project, template)
    (project / "conf/photographs/parameters.yml").write_text("validation_images: 15\n")
    log = call(project, f"{train} --params max_epochs=30")
    assert "Decoded 90 of 90 images" in log
    assert "Drew the test set: 18 files" in log

    outputs = project / "data/folder"
    metrics = json.loads(
        (outputs / "07_model_output/exp0/seed-0/metrics.json").read_text()
    )
    data = metrics["provenance"]["data"]
    assert data["name"] == "photographs"
    assert data["class_names"] == ["Fläche", "Querstreifen", "縦縞"]
    page = (outputs / "08_reporting/report.html").read_text("utf-8")
    assert "Querstreifen" in page and "縦縞" in page

    write_photographs(project / "data/more", 10, seed=1)
    call(project, classify)
    (table,) = outputs.rglob("classified_images.csv")
    results = pd.read_csv(table, keep_default_na=False)
    assert (results["problem"] == "").all()
    correct = results["file"].str.split("/").str[0] == results["class"]
    assert correct.mean() > 0.8
