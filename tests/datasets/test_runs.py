from cifar_kedro.datasets import FileOfEachRunDataset


def test_runs_are_found_once_they_are_there(tmp_path, caplog):
    dataset = FileOfEachRunDataset(
        path=str(tmp_path / "output"),
        filename_suffix="/metrics.json",
        dataset="json.JSONDataset",
    )
    assert dataset.load() == {}
    folder = tmp_path / "output/exp9/seed-0"
    folder.mkdir(parents=True)
    (folder / f".tmp-{'0' * 32}-metrics.json").write_text("{")  # half of a file
    assert dataset.load() == {}
    (folder / "metrics.json").write_text('{"epochs": 3}')
    copy = tmp_path / "output/exp9/seed-0.bak"
    copy.mkdir()
    (copy / "metrics.json").write_text('{"epochs": 2}')
    runs = dataset.load()
    assert "Left out" in caplog.text and "exp9/seed-0.bak" in caplog.text
    assert list(runs) == ["exp9/seed-0"]
    assert runs["exp9/seed-0"]() == {"epochs": 3}
