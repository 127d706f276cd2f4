from cifar_kedro.figures.confusion import plot_confusion
from tests.helpers.runs import make_results_of, make_run


def test_counts_are_written_in_their_cells_the_larger_the_darker():
    axes = plot_confusion(make_run("exp0", 0.8)).axes[0]
    written = {t.get_position(): t.get_text() for t in axes.texts if t.get_text()}
    # Of each class 800 are correct; the others are predicted as the next class.
    assert written == {
        **{(i, i): "800" for i in range(10)},
        **{((i + 1) % 10, i): "200" for i in range(10)},
    }
    shades = {patch.get_xy(): patch.get_alpha() for patch in axes.patches}
    assert shades[-0.5, -0.5] > shades[0.5, -0.5] > shades[1.5, -0.5] == 0
    assert axes.get_ylabel() == "label"


def test_of_many_classes_the_largest_confusions_are_drawn():
    (run,) = make_results_of(30, accuracy=0.5).runs
    axes = plot_confusion(run).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) == 20
    # Images 45 to 89 are wrong: two of each of the classes 15 to 29, one of the others.
    assert names[0] == "class 15 → class 16"
    assert [bar.get_width() for bar in axes.patches] == [2] * 15 + [1] * 5
