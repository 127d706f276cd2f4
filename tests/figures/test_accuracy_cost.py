import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import same_color

from cifar_kedro.evaluation.scores import score_runs
from cifar_kedro.figures.accuracy_cost import (
    chart_accuracy_cost,
    plot_accuracy_cost,
    tabulate_costs,
)
from tests.helpers.runs import EXPERIMENTS, make_results, make_run

NAMES = [name for name in EXPERIMENTS if name != "exp13"]


@pytest.fixture(scope="module")
def measured():
    cut = make_run("exp13", 0.3, issues=("cut short",))
    runs = [make_run(n, 0.6 + 0.02 * i) for i, n in enumerate(NAMES)]
    for place, run in enumerate(runs):
        run.metrics["parameters"]["total"] = 200_000 + 1_000_000 * place
        run.metrics["layers"][0]["macs"] = 1_000_000 * 2**place
        run.metrics["training_seconds"] = 60.0 * 1.4**place
    results = make_results(*runs, cut)
    return results, score_runs(results)


def test_costs_stand_beside_the_accuracy_and_its_interval(measured):
    first = tabulate_costs(*measured).iloc[0].to_dict()
    assert first["experiment"] == "exp0"
    assert first["parameters"] == 200_000
    assert first["macs"] == 1_000_160
    assert first["seconds"] == 60.0
    assert first["low"] < first["accuracy"] == 0.6 < first["high"]


def test_every_panel_shows_all_runs_and_what_is_no_result_hollow(measured):
    figure = plot_accuracy_cost(*measured)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "parameters",
        "MACs per image",
        "training time, seconds",
    ]
    for axes in figure.axes:
        full, hollow = [line for line in axes.lines if line.get_marker() == "o"]
        assert len(full.get_xdata()) == len(NAMES)
        assert hollow.get_ydata().tolist() == [0.3]
        assert not same_color(full.get_markerfacecolor(), hollow.get_markerfacecolor())


def test_a_run_of_before_costs_were_recorded_is_left_out_of_that_panel(measured):
    old = make_run("exp0", 0.6)
    del old.metrics["layers"], old.metrics["provenance"]
    results = make_results(old, make_run("exp1", 0.7))
    scores = score_runs(results)
    assert tabulate_costs(results, scores)["hardware"][0] == "unknown hardware"
    figure = plot_accuracy_cost(results, scores)
    assert [len(axes.texts) for axes in figure.axes] == [2, 1, 2]


def test_names_do_not_overlap(measured):
    figure = plot_accuracy_cost(*measured)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for axes in figure.axes:
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
        assert len(boxes) == len(EXPERIMENTS)
        for index, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[index + 1 :])


def test_the_chart_has_the_same_figures(measured):
    costs = tabulate_costs(*measured)
    traces = chart_accuracy_cost(*measured).data
    for trace, column in zip(traces, ("parameters", "macs", "seconds"), strict=True):
        assert list(trace.x) == costs[column].to_list()
        assert list(trace.y) == costs["accuracy"].to_list()
        symbols = dict(zip(costs["experiment"], trace.marker.symbol, strict=True))
        hollow = [name for name in symbols if symbols[name] == "circle-open"]
        assert hollow == ["exp13"]


def test_each_hardware_has_its_shape():
    one, other = make_run("exp0", 0.6), make_run("exp1", 0.7)
    cut = make_run("exp2", 0.3, issues=("cut short",))
    for run in (other, cut):
        run.metrics["provenance"] = {"hardware": {"accelerators": ["a GPU", "a GPU"]}}
    results = make_results(one, other, cut)
    figure = plot_accuracy_cost(results, score_runs(results))
    assert [text.get_text() for text in figure.legends[0].texts] == [
        "2 cores, a processor",
        "a GPU, a GPU",
        "a GPU, a GPU, not a result yet",
    ]
    shapes = [line.get_marker() for line in figure.axes[0].lines]
    assert [shape for shape in shapes if shape in "os^D"] == ["o", "s", "s"]
    trace = chart_accuracy_cost(results, score_runs(results)).data[0]
    assert trace.marker.symbol == ("circle", "square", "square-open")
