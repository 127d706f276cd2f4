import numpy as np

from cifar_kedro.figures.mistakes import find_mistakes, plot_mistakes
from tests.helpers.runs import make_run


def make_wrong(confident: int):
    """Make a run of 50 images, 25 of them wrong, one with more confidence."""
    run = make_run("exp0", 0.5, images=50)
    answer = run.predictions["end"][confident].argmax()
    run.predictions["end"][confident] = 0.01
    run.predictions["end"][confident, answer] = 0.91
    return run


def test_the_most_confident_wrong_prediction_comes_first():
    mistakes = find_mistakes(make_wrong(44), 3)
    assert mistakes["index"].tolist() == [44, 25, 26]
    assert mistakes.iloc[0]["label"] == 4
    assert mistakes.iloc[0]["answer"] == 5
    assert (find_mistakes(make_wrong(3), 50)["index"] >= 25).all()


def test_images_stand_over_their_label_and_prediction():
    images = np.random.default_rng(0).random((50, 32, 32, 3))
    axes = plot_mistakes(make_wrong(44), images).axes[0]
    picture = np.asarray(axes.images[0].get_array())
    assert (picture[:32, :32, :3] == (255 * images[44]).round()).all()
    assert (picture[:32, 40:72, :3] == (255 * images[25]).round()).all()
    assert picture[0, 35, 3] == 0  # transparent between images
    texts = [text.get_text() for text in axes.texts]
    assert len(texts) == 12
    assert texts[0] == "deer\n→ dog 91.0%"


def test_fewer_mistakes_than_places():
    run = make_run("exp0", 0.96, images=50)
    axes = plot_mistakes(run, np.zeros((50, 32, 32, 3))).axes[0]
    assert len(axes.texts) == 2
    picture = np.asarray(axes.images[0].get_array())
    assert picture[:32, :72, 3].any() and not picture[:, 80:, 3].any()
