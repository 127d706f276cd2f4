from cifar_kedro.datasets import OptionalRunsDataset


def test_gives_a_loader_per_run_and_nothing_where_there_is_none(tmp_path):
    dataset = OptionalRunsDataset(
        path=str(tmp_path), filename_suffix="/sheet.txt", dataset="text.TextDataset"
    )
    assert dataset.load() == {}
    folder = tmp_path / "exp9/seed-0"
    folder.mkdir(parents=True)
    (folder / "sheet.txt").write_text("content")
    dataset.release()
    assert {run: load() for run, load in dataset.load().items()} == {
        "exp9/seed-0": "content"
    }
