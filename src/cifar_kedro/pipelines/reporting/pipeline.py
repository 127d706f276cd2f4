"""Figures of each experiment, and the report page of whatever has run."""

from collections.abc import Iterable

from kedro.pipeline import Node, Pipeline

from cifar_kedro.evaluation.claims.claims import judge_claims
from cifar_kedro.evaluation.comparisons import compare_experiments
from cifar_kedro.evaluation.runs import read_results
from cifar_kedro.evaluation.scores import describe_seeds, score_runs
from cifar_kedro.evaluation.summary import summarise_runs
from cifar_kedro.pipelines.reporting.nodes import (
    chart_accuracy_cost,
    chart_gains,
    plot_augmented_images,
    plot_comparison,
    plot_learning_curves,
    plot_report_figures,
    write_report,
)


def create_experiment_pipeline(experiment: str, *, augmented: bool) -> Pipeline:
    """Make the figures of one experiment.

    Args:
        experiment: Its name, the namespace of the nodes and figures.
        augmented: Whether it augments its images, and so has a sheet of them.
    """
    nodes = [
        Node(
            plot_learning_curves,
            inputs=["history", "params:experiment", "params:seed"],
            outputs="learning_curves",
            name="plot_learning_curves_node",
        ),
    ]
    if augmented:
        nodes.append(
            Node(
                plot_augmented_images,
                inputs=["development", "split", "params:experiment", "params:seed"],
                outputs="augmented_images",
                name="plot_augmented_images_node",
            )
        )
    return Pipeline(
        nodes,
        namespace=experiment,
        inputs={"development", "split"} if augmented else None,
        parameters={
            "params:experiment": f"params:{experiment}",
            "params:seed": "params:seed",
        },
        tags="reporting",
    )


def create_pipeline(experiments: Iterable[str]) -> Pipeline:
    """Make the summary and the report page of whatever has run.

    Args:
        experiments: Names of the experiments that it waits for, if they are in the run.
            Others count as evaluated before: see ``{experiment}_evaluated`` in the
            catalog.
    """
    nodes = [*_read(experiments), *_conclude(), *_draw(), _write()]
    return Pipeline(nodes, tags="reporting")


def _read(experiments: Iterable[str]) -> list[Node]:
    evaluated = [f"{name}_evaluated" for name in experiments]
    return [
        Node(
            summarise_runs,
            inputs=[
                *("metrics", "failures", "histories", "test_if_present", "parameters"),
                *evaluated,
            ],
            outputs="summary",
            name="summarise_runs_node",
        ),
        Node(
            read_results,
            inputs=[
                "summary",
                "metrics",
                "histories",
                "predictions",
                "test_if_present",
                "parameters",
            ],
            outputs="results",
            name="read_results_node",
        ),
    ]


def _conclude() -> list[Node]:
    return [
        Node(score_runs, inputs="results", outputs="scores", name="score_runs_node"),
        Node(
            describe_seeds,
            inputs="results",
            outputs="summary_by_experiment",
            name="describe_seeds_node",
        ),
        Node(
            compare_experiments,
            inputs=["results", "params:claims"],
            outputs="comparisons",
            name="compare_experiments_node",
        ),
        Node(
            judge_claims,
            inputs=["results", "comparisons", "params:claims"],
            outputs="claims",
            name="judge_claims_node",
        ),
    ]


def _draw() -> list[Node]:
    return [
        Node(
            plot_comparison,
            inputs="summary",
            outputs="comparison",
            name="plot_comparison_node",
        ),
        Node(
            chart_gains,
            inputs=["results", "comparisons"],
            outputs="gains",
            name="chart_gains_node",
        ),
        Node(
            chart_accuracy_cost,
            inputs=["results", "scores"],
            outputs="accuracy_cost",
            name="chart_accuracy_cost_node",
        ),
        Node(
            plot_report_figures,
            inputs=["results", "comparisons", "scores", "test_if_present"],
            outputs="report_figures",
            name="plot_report_figures_node",
        ),
    ]


def _write() -> Node:
    return Node(
        write_report,
        inputs=[
            "results",
            "comparisons",
            "scores",
            "summary_by_experiment",
            "claims",
            "report_figures",
            "augmented_sheets",
        ],
        outputs=["report", "report_markdown"],
        name="write_report_node",
    )
