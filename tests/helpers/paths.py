"""Where things lie."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT.parent / "shared/data/cifar-10-binary.tar.gz"
ARCHIVE_HASH = "md5:9267da7bf9154f6c74efc644efc70447"
