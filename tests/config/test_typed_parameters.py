import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_kedro.config.errors import SettingsError
from cifar_kedro.config.typed_parameters import read_parameters, split_items


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("seed=1,max_epochs=null", {"seed": 1, "max_epochs": None}),
        (" seed = 5 , max_epochs=2,", {"seed": 5, "max_epochs": 2}),
        ("a.b.c=1,a.b.d=x,a.e=2.5", {"a": {"b": {"c": 1, "d": "x"}, "e": 2.5}}),
        ("e.dense=[64, 32],seed=2", {"e": {"dense": [64, 32]}, "seed": 2}),
        (
            "e.blocks=[{filters: [8, 16], pool: false}, {filters: [4]}],seed=2",
            {
                "e": {
                    "blocks": [{"filters": [8, 16], "pool": False}, {"filters": [4]}]
                },
                "seed": 2,
            },
        ),
        ("e={a: {b: 1}, c: [x, 'y, z']}", {"e": {"a": {"b": 1}, "c": ["x", "y, z"]}}),
        ("t='a, b',s=1", {"t": "a, b", "s": 1}),
        ("t='it''s, c',s=1", {"t": "it's, c", "s": 1}),
        (r't="a \", b",s=1', {"t": 'a ", b', "s": 1}),
        (r't="a\\",s=1', {"t": "a\\", "s": 1}),
        (r"t='a\',s=1", {"t": "a\\", "s": 1}),
        ("t='1',s=1", {"t": "1", "s": 1}),
        ("t=Don't,s=it's", {"t": "Don't", "s": "it's"}),
        ("p=a[b,q=c}d,s=1", {"p": "a[b", "q": "c}d", "s": 1}),
        ("p=x=[y,s=1", {"p": "x=[y", "s": 1}),
        ("p=${globals:data, 'a,b'}/c,s=1", {"p": "${globals:data, 'a,b'}/c", "s": 1}),
    ],
)
def test_values_are_those_that_were_typed(text, values):
    assert read_parameters(text) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed=010", "^seed: received 010, expected a plain decimal number"),
        ("a.b=[1, 010]", r"^a\.b: \[1\]: received 010, expected a plain"),
        ("max_epochs=", "^max_epochs: received no value.* Write null for none"),
        ("max_epochs=,seed=1", "^max_epochs: received no value"),
        ("seed=1,seed=2", "^seed: received it twice"),
        ("seed=1,seed=1", "^seed: received it twice"),
        ("a.b=1,a=2", r"^a: received it beside a\.b, expected one of them"),
        ("a={b: 1},a.c=2", r"^a\.c: received it beside a, expected one of them"),
        ("a={b: 1, b: 2}", "^a: received 'b' twice"),
        ("seed", "^received 'seed', expected KEY=VALUE"),
        ("seed:1", "^received 'seed:1', expected KEY=VALUE"),
        ("seed=1,5", "^received '5', expected KEY=VALUE.*brackets or quotes"),
        ("=5", "^received '=5', expected KEY=VALUE"),
        ("exp0..x=1", r"^exp0\.\.x: received it as a key, expected names with dots"),
        (".x=1", "received it as a key"),
        ("my exp=1", "received it as a key"),
        ("14=1", "received it as a key"),
        (
            "a.blocks[0].filters=[8]",
            r"list: a\.blocks=\[\.\.\.\]\. Or write a\.blocks in",
        ),
        (
            "a.blocks.0.filters=[8]",
            r"list: a\.blocks=\[\.\.\.\]\. Or write a\.blocks in",
        ),
        (
            "a.dense=[64,32",
            r"received 'a\.dense=\[64,32', expected brackets and quotes",
        ),
        ("t='a,s=1", "expected brackets and quotes that close"),
        ("t=[1] x", "^t: received what is not YAML"),
    ],
)
def test_refusals_name_the_key(text, message):
    with pytest.raises(SettingsError, match=message):
        read_parameters(text)


@given(st.lists(st.text(alphabet=" abc'\"]}:=-", max_size=6), max_size=4))
def test_no_text_without_commas_and_opening_brackets_is_lost(texts):
    """Quotes in which a value begins are another matter: they must close."""
    items = [f"k{i}=_{text}".strip() for i, text in enumerate(texts)]
    assert split_items(",".join(items)) == items
