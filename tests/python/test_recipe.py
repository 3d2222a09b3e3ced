"""The pretrain recipe: its model, its files, its data, and a short training."""
from __future__ import annotations

import json
import math
import struct

import pytest
import torch

import checkpoint
import pretrain
import safetensors
from corpora import PROSE, make_corpus
from data import Corpus, CorpusError
from generation import write_text
from model import LanguageModel, ModelShape, RootMeanSquareNorm, rotary_tables, rotate
from settings import Settings

SHAPE = ModelShape(layers=2, hidden=32, heads=2, context=16)


def test_parameters_are_named_and_shaped_as_in_hugging_faces_llama():
    found = {name: tuple(tensor.shape) for name, tensor in LanguageModel(SHAPE).state_dict().items()}
    expected = {"model.embed_tokens.weight": (256, 32), "model.norm.weight": (32,), "lm_head.weight": (256, 32)}
    for layer in range(2):
        prefix = f"model.layers.{layer}"
        for name in "qkvo":
            expected[f"{prefix}.self_attn.{name}_proj.weight"] = (32, 32)
        expected[f"{prefix}.mlp.gate_proj.weight"] = expected[f"{prefix}.mlp.up_proj.weight"] = (96, 32)
        expected[f"{prefix}.mlp.down_proj.weight"] = (32, 96)
        expected[f"{prefix}.input_layernorm.weight"] = expected[f"{prefix}.post_attention_layernorm.weight"] = (32,)
    assert found == expected


def test_the_norm_divides_by_the_root_mean_square():
    norm = RootMeanSquareNorm(3, 0.0)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2.0, 3.0]))
    assert torch.allclose(norm(torch.tensor([[3.0, 4.0, 5.0]])), torch.tensor([[3.0, 8.0, 15.0]]) / math.sqrt(50 / 3))


def test_rotary_positions_turn_each_pair_by_its_angle():
    cosine, sine = rotary_tables(ModelShape(hidden=8, heads=1, context=4))
    x = torch.randn(4, 8, dtype=torch.float64)
    turned = rotate(x, cosine.double(), sine.double())
    for position in range(4):
        for pair in range(4):
            angle = position / 10000.0 ** (2 * pair / 8)
            expected = complex(*x[position, [pair, pair + 4]].tolist()) * complex(math.cos(angle), math.sin(angle))
            assert torch.allclose(turned[position, [pair, pair + 4]],
                                  torch.tensor([expected.real, expected.imag], dtype=torch.float64), atol=1e-6)


def test_attention_equals_a_plain_loop_over_positions():
    model = LanguageModel(ModelShape(layers=1, hidden=16, heads=2, context=8))
    attention, x = model.model.layers[0].self_attn, torch.randn(1, 5, 16)
    cosine, sine, mask = model.model.cosine[:5], model.model.sine[:5], model.model.mask[:5, :5]
    query, key, value = (part(x)[0].view(5, 2, 8) for part in (attention.q_proj, attention.k_proj, attention.v_proj))
    rows = []
    for position in range(5):
        heads = []
        for head in range(2):
            q = rotate(query[position, head], cosine[position], sine[position])
            keys = torch.stack([rotate(key[each, head], cosine[each], sine[each]) for each in range(position + 1)])
            weights = torch.softmax(keys @ q / math.sqrt(8), dim=0)
            heads.append(weights @ value[:position + 1, head])
        rows.append(torch.cat(heads))
    assert torch.allclose(attention(x, cosine, sine, mask)[0], attention.o_proj(torch.stack(rows)), atol=1e-5)


def test_no_position_sees_a_later_one():
    model = LanguageModel(SHAPE).eval()
    tokens = torch.randint(0, 256, (1, 12))
    changed = tokens.clone()
    changed[0, 7:] = (changed[0, 7:] + 1) % 256
    before, after = model(tokens), model(changed)
    assert torch.allclose(before[0, :7], after[0, :7], atol=1e-6)
    assert not torch.allclose(before[0, 7:], after[0, 7:], atol=1e-3)


def test_loss_of_an_untrained_model_is_that_of_guessing():
    tokens = torch.randint(0, 256, (4, 17))
    assert abs(float(LanguageModel(SHAPE)(tokens[:, :-1], tokens[:, 1:])) - math.log(256)) < 0.1


def test_a_saved_model_loads_and_its_config_is_a_llama_config(tmp_path):
    model = LanguageModel(SHAPE)
    checkpoint.save_model(model, tmp_path / "out")
    loaded = checkpoint.load_model(tmp_path / "out")
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), loaded.state_dict().values()))
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["model_type"] == "llama" and config["architectures"] == ["LlamaForCausalLM"]
    assert (config["vocab_size"], config["hidden_size"], config["intermediate_size"], config["tie_word_embeddings"]) == (256, 32, 96, False)


def test_safetensors_round_trip_every_type(tmp_path):
    tensors = {str(kind): torch.ones(2, 3).to(kind) for kind in safetensors.TYPES.values()}
    tensors.update(scalar=torch.tensor(2.5), empty=torch.zeros(0, 3), turned=torch.arange(6).reshape(2, 3).t())
    safetensors.save(tmp_path / "t", tensors, {"format": "pt"})
    loaded = safetensors.load(tmp_path / "t")
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(tensors[name], loaded[name]) and tensors[name].dtype == loaded[name].dtype for name in tensors)
    content = (tmp_path / "t").read_bytes()
    header = json.loads(content[8:8 + struct.unpack("<Q", content[:8])[0]])
    assert header["scalar"] == {"dtype": "F32", "shape": [], "data_offsets": header["scalar"]["data_offsets"]}


def test_a_safetensors_file_cut_short_or_foreign_is_refused_by_name(tmp_path):
    safetensors.save(tmp_path / "t", {"a": torch.arange(100), "b": torch.zeros(3)})
    whole = (tmp_path / "t").read_bytes()
    for content in [whole[:length] for length in (0, 7, 20, len(whole) - 1)] + [whole + b"x", b"PK\x03\x04" * 50, b"{}" * 40]:
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(safetensors.SafetensorsError, match="bad"):
            safetensors.load(tmp_path / "bad")


@pytest.mark.parametrize("entry", [
    {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}, {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}, {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1]}, 5])
def test_a_safetensors_header_that_lies_is_refused(tmp_path, entry):
    header = json.dumps({"a": entry}).encode()
    (tmp_path / "bad").write_bytes(struct.pack("<Q", len(header)) + header + b"\0\0\0\0")
    with pytest.raises(safetensors.SafetensorsError, match="'a'"):
        safetensors.load(tmp_path / "bad")


def test_a_corpus_that_changed_under_its_hash_is_refused_with_the_shard(tmp_path):
    directory = make_corpus(tmp_path / "c", PROSE, PROSE[:500])
    corpus = Corpus(directory, 16)
    corpus.verify()
    shard = directory / "train-00002.bin"
    shard.write_bytes(b"X" + shard.read_bytes()[1:])
    with pytest.raises(CorpusError, match="train-00002.bin: its content changed under its hash: .* prepare the corpus again"):
        Corpus(directory, 16).verify()


def test_samples_are_context_plus_one_tokens_across_shards(tmp_path):
    corpus = Corpus(make_corpus(tmp_path / "c", PROSE, PROSE[:500], shard=37), 16)
    assert len(corpus) == (len(PROSE) - 1) // 16
    for index in (0, 1, 2, 100, len(corpus) - 1):
        assert bytes(corpus[index].tolist()) == PROSE[index * 16:index * 16 + 17]
    assert corpus.batch([3, 5]).shape == (2, 17) and corpus.validation(64).shape == ((500 - 1) // 16, 17)
    with pytest.raises(IndexError):
        corpus[len(corpus)]


def test_a_corpus_that_is_missing_cut_short_or_foreign_is_refused_by_name(tmp_path):
    with pytest.raises(CorpusError, match="index.json: no such file"):
        Corpus(tmp_path, 16)
    directory = make_corpus(tmp_path / "c", PROSE, PROSE)
    (directory / "train-00001.bin").write_bytes(b"short")
    with pytest.raises(CorpusError, match="train-00001.bin: expected 1000 tokens"):
        Corpus(directory, 16)
    (directory / "index.json").write_text('{"format": 9}')
    with pytest.raises(CorpusError, match="format 9"):
        Corpus(directory, 16)
    with pytest.raises(CorpusError, match="validation part has 9 tokens"):
        Corpus(make_corpus(tmp_path / "d", PROSE, PROSE[:9]), 16)


def test_settings_take_the_jobs_trainer_part_and_schedule_by_progress():
    settings = Settings.read({"recipe": "pretrain", "model": {"layers": 3, "hidden": 64, "heads": 4, "context": 32, "intermediate": 0},
                              "batch": 8, "learning_rate": 1e-2, "warmup": 0.1, "final_learning_rate": 0.1})
    assert (settings.model.layers, settings.model.feed_forward, settings.batch, settings.clip) == (3, 192, 8, 1.0)
    rates = [settings.learning_rate_at(each / 100) for each in range(101)]
    assert rates[0] == pytest.approx(1e-4) and max(rates) == pytest.approx(1e-2) and rates.index(max(rates)) == 10
    assert rates[100] == pytest.approx(1e-3) and rates[10:] == sorted(rates[10:], reverse=True)


def test_text_is_drawn_by_seed_and_ends_with_the_document():
    model = LanguageModel(SHAPE)
    assert write_text(model, "The ", 20, seed=1) == write_text(model, "The ", 20, seed=1) != write_text(model, "The ", 20, seed=2)
    with torch.no_grad():
        model.lm_head.weight.zero_()
        model.model.norm.weight.fill_(1.0)
        model.lm_head.weight[0] = model.model(torch.tensor([list(b"The ")]))[0, -1] * 100
    assert write_text(model, "The ", 20, seed=1) == "The "


def test_the_recipe_trains_alone_and_saves_what_it_trained(tmp_path, monkeypatch, capsys):
    job = {"trainer": {"recipe": "pretrain", "model": {"layers": 1, "hidden": 32, "heads": 2, "context": 32}, "batch": 8,
                       "learning_rate": 1e-2, "validation_samples": 8}, "seed": 3}
    (tmp_path / "job.json").write_text(json.dumps(job))
    monkeypatch.setenv("SUPERFACTORY_JOB_FILE", str(tmp_path / "job.json"))
    corpus = make_corpus(tmp_path / "c", PROSE, PROSE)
    assert pretrain.main(["--corpus", str(corpus), "--steps", "30", "--output", str(tmp_path / "out")]) == 0
    model = checkpoint.load_model(tmp_path / "out")
    final = pretrain.validation_loss(model, Corpus(corpus, 32).validation(8))
    assert final < 3.0
    assert f"validation loss {final:.4f}" in capsys.readouterr().out


def test_the_recipe_without_a_corpus_says_so_and_exits_with_2(tmp_path, capsys):
    assert pretrain.main(["--corpus", str(tmp_path / "none"), "--steps", "3"]) == 2
    assert "index.json: no such file" in capsys.readouterr().err
