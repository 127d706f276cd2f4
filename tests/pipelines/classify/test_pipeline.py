"""The pipeline in memory, through a session, and from the command line."""

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner
from PIL import Image

from cifar_kedro.config import Classify
from cifar_kedro.datasets import DigitsDataset, KerasModelDataset
from cifar_kedro.datasets.atomic import JSONDataset
from cifar_kedro.models.network import build_network
from cifar_kedro.pipelines.classify import create_pipeline
from tests.helpers.experiments import make_experiment
from tests.helpers.project import call

CLASSIFY = {"experiment": "exp9", "weights": "best", "images": "mine"}


class Recorder:
    """A model that keeps what it is fed, and calls everything a frog."""

    input_shape = (None, 32, 32, 3)

    def __init__(self):
        self.fed = []

    def predict_on_batch(self, images):
        self.fed.append(images)
        return np.eye(10, dtype=np.float32)[[6] * len(images)]


@pytest.mark.parametrize(
    ("weights", "name"), [("end", "exp9.model"), ("best", "exp9.best_model")]
)
def test_the_model_is_fed_the_image_that_was_enlarged(weights, name):
    small = DigitsDataset().load()["test"]["images"][:10]
    images = {
        f"{i}.png": lambda pixels=pixels: Image.fromarray(pixels).resize((256, 256), 0)
        for i, pixels in enumerate(small)
    }
    classify = Classify.model_validate(CLASSIFY | {"weights": weights})
    model = Recorder()
    catalog = DataCatalog(
        {
            name: MemoryDataset(model, copy_mode="assign"),
            "own_images": MemoryDataset(images),
            "exp9.provenance": MemoryDataset({}),
            "params:classify": MemoryDataset(classify),
            "params:seed": MemoryDataset(0),
        }
    )
    outputs = SequentialRunner().run(create_pipeline(classify), catalog)
    (fed,) = model.fed
    assert fed.dtype == np.float32
    np.testing.assert_allclose(fed, small / 255, atol=1e-6)
    (page,) = outputs["exp9.contact_sheet"].load().values()
    texts = [text.get_text() for text in page.axes[0].texts]
    assert texts == [text for i in range(10) for text in ("frog 100%", f"{i}.png")]


@pytest.fixture
def trained(project):
    """A project in which exp9 has been trained on the sample, as far as anyone sees."""
    path = project / "data/sample/06_models/exp9/seed-0/best_model.keras"
    KerasModelDataset(filepath=str(path)).save(build_network(make_experiment().network))
    JSONDataset(filepath=str(path.with_name("provenance.json"))).save({})
    return project


def make_files(folder, count):
    """Make images of many modes, formats and sizes, some called as no one expects."""
    kinds = ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"]
    formats = {"CMYK": "jpg", "RGB": "jpg"}
    (folder / "más imágenes").mkdir(parents=True)
    for i in range(count):
        mode = kinds[i % len(kinds)]
        image = Image.new("RGB", (20 + 7 * i, 120 - 3 * i), (5 * i, 90, 200))
        name = f"{i:03}.{formats.get(mode, 'png')}"
        image.convert(mode).save(folder / ("más imágenes" if i % 2 else "") / name)
    for name in ("007", "NA"):
        Image.new("I;16", (40, 40), 30000).save(folder / name, "PNG")


def run(project, **classify):
    with KedroSession.create(
        project_path=project,
        env="sample",
        runtime_params={"classify": {"experiment": "exp9"} | classify},
    ) as session:
        return session.run(pipeline_names=["classify"])


def results(project):
    root = project / "data/sample/08_reporting"
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


def test_a_folder_is_classified_and_a_shorter_one_leaves_no_old_page(trained):
    make_files(trained / "many", 36)
    run(trained, images="many")
    folder = "classify/exp9/seed-0/best"
    first = f"{folder}/contact_sheet/page-01.png"
    path = f"{folder}/classified_images.csv"
    assert results(trained) == {path, first, first.replace("01", "02")}
    file = trained / "data/sample/08_reporting" / path
    table = pd.read_csv(file, dtype={"file": str}, keep_default_na=False)
    assert table["file"].tolist() == sorted(
        p.relative_to(trained / "many").as_posix()
        for p in (trained / "many").rglob("*")
        if p.is_file()
    )
    assert table["probability"].between(0.1, 1).all()
    with Image.open(trained / "data/sample/08_reporting" / first) as page:
        assert page.width == 1350

    make_files(trained / "few", 1)
    run(trained, images=str(trained / "few"))  # an absolute path
    assert results(trained) == {path, first}
    assert len(pd.read_csv(file)) == 3


def test_what_is_no_image_is_listed_and_the_rest_is_classified(trained):
    make_files(trained / "mine", 3)
    (trained / "mine/Thumbs.db").write_text("hello")
    run(trained, images="mine")
    folder = trained / "data/sample/08_reporting/classify/exp9/seed-0/best"
    table = pd.read_csv(folder / "classified_images.csv", keep_default_na=False)
    problems = table.set_index("file")["problem"]
    assert problems["Thumbs.db"] == "not an image in a format that Pillow reads"
    assert len(problems) == 6 and (problems == "").sum() == 5


def test_a_folder_of_which_nothing_can_be_classified_fails_and_writes_nothing(trained):
    (trained / "mine").mkdir()
    (trained / "mine/notes.txt").write_text("hello")
    with pytest.raises(ValueError, match=r"None of 1 files .*\n  'notes.txt': not an"):
        run(trained, images="mine")
    assert not results(trained)


def test_a_model_that_was_not_trained_is_named_with_its_command(trained):
    make_files(trained / "mine", 1)
    command = "kedro run --pipelines exp9 --params seed=0"
    with pytest.raises(DatasetError, match=rf"exp9/seed-0/model.keras.*: {command}$"):
        run(trained, images="mine", weights="end")


@pytest.mark.parametrize("name", ["exp8", "exp99", "seed"])
def test_only_an_experiment_classifies(trained, name):
    message = f"classify.experiment: received '{name}', expected one of exp0, .*exp8a"
    with pytest.raises(ValueError, match=message):
        run(trained, experiment=name)


def test_without_the_experiment_that_would_classify_other_commands_work(trained):
    """As where someone has replaced the report's experiments by others."""
    blocks = trained / "conf/base/parameters_experiments.yml"
    block = make_experiment(title="Other").model_dump(
        include={"title", "network", "training"}, exclude_unset=True
    )
    blocks.write_text(yaml.safe_dump({"other": block}))
    (trained / "conf/sample/parameters_experiments.yml").unlink()
    assert "- other\n" in call(trained, "kedro", "registry", "list").stdout
    sample = (trained, "kedro", "run", "--env", "sample", "--pipelines")
    call(*sample, "other")
    done = call(*sample, "classify", check=False)
    assert done.returncode != 0
    message = "classify.experiment: received 'exp0', expected one of other"
    assert message in " ".join(done.stderr.split())


def test_by_default_images_are_looked_for_beside_the_raw_data(trained):
    with pytest.raises(DatasetError, match=r"no folder .*/data/sample/01_raw/images\."):
        run(trained)


def test_classify_by_command_line(trained):
    make_files(trained / "mine", 2)
    call(
        *(trained, "kedro", "run", "--env", "sample", "--pipelines", "classify"),
        *("--params", "classify.experiment=exp9,classify.images=mine"),
    )
    assert len(results(trained)) == 2
