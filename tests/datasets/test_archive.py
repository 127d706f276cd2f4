"""Tests of the archive dataset, on tiny archives in the official layout."""

import gzip
import hashlib
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kedro.io import DatasetError

from cifar_kedro.datasets import CifarArchiveDataset
from cifar_kedro.datasets import archive as cifar10_archive
from tests.helpers.archives import BATCHES, FOLDER, draw, encode, tiny_members, to_tar
from tests.helpers.paths import ARCHIVE, ARCHIVE_HASH

URL = "https://example.org/cifar.tar.gz"


def write(path: Path, content: bytes) -> CifarArchiveDataset:
    """Write the bytes and return the dataset that has their hash."""
    path.write_bytes(content)
    return make(path, content, url=None)


def make(
    path: Path | str, content: bytes, url: str | list[str] | None = URL
) -> CifarArchiveDataset:
    digest = hashlib.md5(content).hexdigest()
    return CifarArchiveDataset(
        content="cifar10", filepath=str(path), url=url, known_hash=f"md5:{digest}"
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cifar.tar.gz"


@pytest.fixture
def tiny() -> bytes:
    return gzip.compress(to_tar(list(tiny_members().items())))


@pytest.fixture
def serve(monkeypatch):
    """Make fetching bring this content, or fail for this reason."""

    def serve(content: bytes, reason: str | None = None) -> None:
        def fetch(addresses: list[str], known_hash: str, path: Path) -> None:
            if reason:
                raise ConnectionError(reason)
            path.write_bytes(content)

        monkeypatch.setattr(cifar10_archive, "fetch", fetch)

    return serve


# Reading


@given(data=st.data(), order=st.permutations(BATCHES))
@settings(max_examples=25, deadline=None)
def test_any_images_come_back_whatever_the_order_of_members(
    tmp_path_factory, data, order
):
    shape = st.integers(1, 3)
    images, labels = {}, {}
    for name in BATCHES:
        size = data.draw(shape)
        images[name] = data.draw(hnp.arrays(np.uint8, (size, 32, 32, 3)))
        labels[name] = data.draw(hnp.arrays(np.uint8, size, elements=st.integers(0, 9)))
    members = [(name, encode(images[name], labels[name])) for name in order]
    path = tmp_path_factory.mktemp("round_trip") / "cifar.tar.gz"
    loaded = write(path, gzip.compress(to_tar(members))).load()
    for split, names in (("train", BATCHES[:5]), ("test", BATCHES[5:])):
        for key, arrays in (("images", images), ("labels", labels)):
            expected = np.concatenate([arrays[name] for name in names])
            np.testing.assert_array_equal(loaded[split][key], expected)
            assert loaded[split][key].dtype == np.uint8
            assert loaded[split][key].flags.c_contiguous


def test_official_extras_are_allowed_and_ignored(path):
    folder = tarfile.TarInfo(FOLDER)
    folder.type = tarfile.DIRTYPE
    extras = [(f"{FOLDER}/batches.meta.txt", b"cat\n"), (f"{FOLDER}/readme.html", b"")]
    members = [(folder, b""), *tiny_members().items(), *extras]
    loaded = write(path, gzip.compress(to_tar(members))).load()
    assert loaded["train"]["images"].shape == (10, 32, 32, 3)
    assert loaded["test"]["labels"].shape == (2,)


def test_members_may_begin_with_a_dot_and_a_slash(path):
    folders = [tarfile.TarInfo(name) for name in (".", f"./{FOLDER}/")]
    for folder in folders:
        folder.type = tarfile.DIRTYPE
    members = [
        *((folder, b"") for folder in folders),
        *((f"./{name}", content) for name, content in tiny_members().items()),
    ]
    loaded = write(path, gzip.compress(to_tar(members))).load()
    expected = write(path, gzip.compress(to_tar(list(tiny_members().items())))).load()
    for part in ("train", "test"):
        np.testing.assert_array_equal(loaded[part]["images"], expected[part]["images"])


@pytest.mark.parametrize(
    "name",
    [
        f"._{FOLDER}",
        f"./{FOLDER}/._data_batch_1.bin",
        f"{FOLDER}/.DS_Store",
        f"__MACOSX/{FOLDER}/._test_batch.bin",
        f"{FOLDER}/PaxHeader/data_batch_1.bin",
        f"PaxHeaders.1234/{FOLDER}",
    ],
)
def test_what_a_system_puts_beside_the_batches_is_ignored(path, name):
    members = [(name, b"not a batch"), *tiny_members().items(), (name, b"again")]
    loaded = write(path, gzip.compress(to_tar(members))).load()
    assert loaded["train"]["images"].shape == (10, 32, 32, 3)


def test_nothing_is_unpacked(path, tiny):
    write(path, tiny).load()
    assert list(path.parent.iterdir()) == [path]


def special(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, f"{FOLDER}/test_batch.bin"
    return info


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("../evil.bin", r"unknown member '\.\./evil\.bin'"),
        (f"{FOLDER}/../../evil.bin", "unknown member"),
        ("/etc/evil.bin", "unknown member '/etc/evil.bin'"),
        (f"{FOLDER}/data_batch_6.bin", "unknown member"),
        (BATCHES[1], "data_batch_2.bin twice"),
        (f"./{BATCHES[1]}", "data_batch_2.bin twice"),
        ("./../evil.bin", "unknown member"),
        (f"./{FOLDER}/data_batch_6.bin", "unknown member"),
        ("/._evil", "unknown member"),
        ("../._evil", "unknown member"),
        (f"{FOLDER}/evil._", "unknown member"),
        (special(f"{FOLDER}/._evil", tarfile.SYMTYPE), "unknown member"),
        (special(".", tarfile.SYMTYPE), "has . as a link"),
        (special(f"{FOLDER}/evil", tarfile.SYMTYPE), "unknown member"),
        (special(f"{FOLDER}/readme.html", tarfile.SYMTYPE), "readme.html as a link"),
        (special(f"{FOLDER}/readme.html", tarfile.LNKTYPE), "readme.html as a link"),
        (special(f"{FOLDER}/readme.html", tarfile.CHRTYPE), "readme.html as a link"),
        (special(f"{FOLDER}/readme.html", tarfile.FIFOTYPE), "readme.html as a link"),
        (special(f"{FOLDER}/readme.html", tarfile.DIRTYPE), "readme.html as a link"),
        (special(FOLDER, tarfile.SYMTYPE), "batches-bin as a link"),
    ],
)
def test_members_that_do_not_belong_are_refused(path, extra, message):
    dataset = write(
        path, gzip.compress(to_tar([*tiny_members().items(), (extra, b"")]))
    )
    with pytest.raises(DatasetError, match=rf"{message}.*Expected the official"):
        dataset.load()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_batch_that_is_a_link_is_refused(path, kind):
    members = tiny_members()
    del members[BATCHES[0]]
    link = special(BATCHES[0], kind)
    dataset = write(path, gzip.compress(to_tar([*members.items(), (link, b"")])))
    with pytest.raises(DatasetError, match=r"data_batch_1\.bin as a link"):
        dataset.load()


@pytest.mark.parametrize("missing", BATCHES)
def test_missing_batch_is_named(path, missing):
    members = tiny_members()
    del members[missing]
    dataset = write(path, gzip.compress(to_tar(list(members.items()))))
    with pytest.raises(DatasetError, match=f"lacks {missing}"):
        dataset.load()


@pytest.mark.parametrize("size", [0, 1, 3072, 3074, 2 * 3073 - 1])
def test_batch_of_another_size_is_refused(path, size):
    members = tiny_members() | {BATCHES[2]: b"\0" * size}
    dataset = write(path, gzip.compress(to_tar(list(members.items()))))
    with pytest.raises(DatasetError, match=rf"data_batch_3\.bin with {size} bytes"):
        dataset.load()


def test_label_beyond_nine_is_located(path):
    images, labels = draw(3, seed=0)
    labels[1] = 10
    members = tiny_members() | {BATCHES[5]: encode(images, labels)}
    dataset = write(path, gzip.compress(to_tar(list(members.items()))))
    with pytest.raises(DatasetError, match=r"label 10 in record 1 .*test_batch\.bin"):
        dataset.load()


# Damage


def test_flipped_bit_is_told_by_the_hash_and_the_file_kept(path, tiny):
    damaged = bytearray(tiny)
    damaged[len(tiny) // 2] ^= 1
    path.write_bytes(damaged)
    received = hashlib.md5(damaged).hexdigest()
    expected = hashlib.md5(tiny).hexdigest()
    with pytest.raises(
        DatasetError,
        match=f"{path} .*md5:{received}, expected md5:{expected}. Delete the file",
    ):
        make(path, tiny).load()
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated_archive_is_refused_even_with_its_own_hash(path, tiny, share):
    dataset = write(path, tiny[: int(share * len(tiny))])
    with pytest.raises(DatasetError, match=r"truncated|lacks"):
        dataset.load()


@pytest.mark.parametrize("position", [0, 1, 20, 5000, -6, -2])
def test_broken_gzip_stream_is_refused_even_with_its_own_hash(path, tiny, position):
    # -6 and -2 are in the checksum and in the length, after the tar's own end
    damaged = bytearray(tiny)
    damaged[position] ^= 0xFF
    dataset = write(path, bytes(damaged))
    with pytest.raises(DatasetError, match="truncated or damaged"):
        dataset.load()


def test_tar_that_ends_within_a_batch_is_refused(path):
    tar = to_tar(list(tiny_members().items()))
    dataset = write(path, gzip.compress(tar[: tar.index(BATCHES[4].encode()) + 3000]))
    with pytest.raises(DatasetError, match="truncated or damaged"):
        dataset.load()


def test_folder_in_place_of_the_file_is_refused(path, tiny):
    path.mkdir()
    with pytest.raises(DatasetError, match="can't be read: Is a directory"):
        make(path, tiny).load()


# Fetching


def test_archive_is_fetched_once_and_verified(tmp_path, tiny, serve):
    path = tmp_path / "new" / "folder" / "cifar.tar.gz"
    dataset = make(path, tiny)
    serve(tiny)
    assert not dataset.exists()
    fetched = dataset.load()
    assert dataset.exists()
    assert list(path.parent.iterdir()) == [path]
    serve(b"", "a second download")
    np.testing.assert_array_equal(
        dataset.load()["train"]["images"], fetched["train"]["images"]
    )


@pytest.mark.parametrize("url", [URL, None])
def test_offline_error_says_all_that_can_be_done(path, tiny, serve, url):
    serve(b"", "it answered 404")
    with pytest.raises(DatasetError) as raised:
        make(path, tiny, url=url).load()
    message = str(raised.value)
    assert f"put it at {path}" in message
    assert f"md5:{hashlib.md5(tiny).hexdigest()}" in message
    assert (URL in message) == (url is not None)
    assert "`archive` (url, hash, filepath) in conf/local/globals.yml" in message
    assert "kedro run --env sample" in message
    assert ("fetching it failed (it answered 404)" in message) == (url is not None)
    assert message.count("\n") == 3


def test_folder_that_cannot_be_made_is_named_before_fetching(tmp_path, tiny, serve):
    serve(b"", "fetched")
    (tmp_path / "file").touch()
    dataset = make(tmp_path / "file" / "cifar.tar.gz", tiny)
    with pytest.raises(DatasetError, match=f"can't be saved to {tmp_path / 'file'}"):
        dataset.load()
    dataset = make(tmp_path / "file" / "deeper" / "cifar.tar.gz", tiny)
    with pytest.raises(DatasetError, match=r"can't be saved to .*Not a directory"):
        dataset.load()


# The interface


@pytest.mark.parametrize(
    "url", ["http://example.org/a", "ftp://example.org/a", "file:///a", "/a", ""]
)
def test_other_schemes_than_https_are_refused(path, url):
    with pytest.raises(ValueError, match="must start with https://, received"):
        make(path, b"", url=url)


def test_several_addresses_are_shown_without_their_secrets(path, serve):
    urls = ["https://a.org/x?key=1", "https://me:pass@b.org/x"]
    dataset = make(path, b"", url=urls)
    assert "['https://a.org/x', 'https://b.org/x']" in str(dataset)
    serve(b"", "no")
    with pytest.raises(
        DatasetError, match=r"https://a\.org/x or https://b\.org/x \(with any"
    ):
        dataset.load()
    with pytest.raises(ValueError, match=r"received 'http://c\.org'"):
        make(path, b"", url=[URL, "http://c.org"])


def test_an_archive_is_fetched_to_a_store(tiny, serve):
    dataset = make("memory://raw/cifar.tar.gz", tiny)
    serve(tiny)
    assert len(dataset.load()["test"]["labels"]) == 2
    assert dataset.exists()


@pytest.mark.parametrize(
    "known_hash", [None, "", "md5:abc", "0" * 32, "sha1:" + "0" * 40]
)
def test_malformed_hash_is_refused(path, known_hash):
    with pytest.raises(ValueError, match="hexadecimal digits, received"):
        CifarArchiveDataset(
            content="cifar10", filepath=str(path), url=None, known_hash=known_hash
        )


def test_sha256_and_capitals_are_understood(path, tiny):
    path.write_bytes(tiny)
    digest = hashlib.sha256(tiny).hexdigest().upper()
    CifarArchiveDataset(
        content="cifar10", filepath=str(path), url=None, known_hash=f"sha256:{digest}"
    ).load()


def test_saving_is_refused(path, tiny):
    with pytest.raises(DatasetError, match="read-only"):
        write(path, tiny).save({})
    assert path.read_bytes() == tiny


def test_description_names_the_file(path, tiny):
    assert str(path) in str(make(path, tiny))


@pytest.mark.real_data
@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"no archive at {ARCHIVE}")
def test_true_archive_is_cifar_10():
    loaded = CifarArchiveDataset(
        content="cifar10",
        filepath=str(ARCHIVE),
        url=None,
        known_hash=ARCHIVE_HASH,
    ).load()
    for split, size in (("train", 50_000), ("test", 10_000)):
        assert loaded[split]["images"].shape == (size, 32, 32, 3)
        counts = np.bincount(loaded[split]["labels"])
        np.testing.assert_array_equal(counts, [size // 10] * 10)
    means = loaded["train"]["images"].mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=5e-5)
