"""The real 60,000 images: where the archive lies beside the checkout."""

import pandas as pd
import pytest
import yaml
from kedro.framework.session import KedroSession

from tests.helpers.paths import ARCHIVE, ARCHIVE_HASH

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not ARCHIVE.exists(), reason=f"no archive at {ARCHIVE}"),
]


def test_the_base_network_learns_the_real_images(project):
    archive = {"filepath": str(ARCHIVE), "hash": ARCHIVE_HASH}
    (project / "conf/local/globals.yml").write_text(
        yaml.safe_dump({"archive": archive})
    )
    with KedroSession.create(
        project_path=project, runtime_params={"max_epochs": 5}
    ) as session:
        session.run(pipeline_names=["exp0"])
    history = pd.read_csv(project / "data/07_model_output/exp0/seed-0/history.csv")
    assert len(history) == 5
    assert history["val_accuracy"].iloc[-1] > 0.5
