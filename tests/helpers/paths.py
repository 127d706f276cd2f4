"""Where things lie."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
ARCHIVE = ROOT.parent / "shared/data/cifar-10-binary.tar.gz"
ARCHIVE_HASH = "md5:9267da7bf9154f6c74efc644efc70447"
# VGG16's weights, trained on ImageNet.
VGG16 = ROOT.parent / "shared/data/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
