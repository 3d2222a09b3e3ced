"""A decoder-only transformer as current open models are built: RMSNorm, rotary positions, SwiGLU, no biases.

Parameters have the names and shapes of Hugging Face's ``LlamaForCausalLM``, so that a saved model loads there.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional

INTERMEDIATE_MULTIPLE = 32
"""The default feed-forward width is rounded up to a multiple of this."""


@dataclass(frozen=True)
class ModelShape:
    """The shape of a model. ``intermediate`` 0 takes 8/3 of ``hidden``, rounded up to a multiple of 32."""

    layers: int = 4
    hidden: int = 128
    heads: int = 4
    context: int = 128
    intermediate: int = 0
    vocabulary: int = 256
    rotary_base: float = 10000.0
    norm_epsilon: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("layers", "hidden", "heads", "context", "vocabulary"):
            if getattr(self, name) < 1:
                raise ValueError(f"model.{name} is {getattr(self, name)}: expected 1 or more")
        if self.hidden % self.heads or (self.hidden // self.heads) % 2:
            raise ValueError(
                f"model.hidden {self.hidden} over model.heads {self.heads}: expected an even, whole width of a head")

    @property
    def feed_forward(self) -> int:
        """The width inside the feed-forward part."""
        if self.intermediate:
            return self.intermediate
        return math.ceil(self.hidden * 8 / 3 / INTERMEDIATE_MULTIPLE) * INTERMEDIATE_MULTIPLE

    def to_config(self, data_type: str = "float32") -> Dict[str, Any]:
        """What ``config.json`` holds: what Hugging Face's ``LlamaConfig`` reads."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocabulary,
            "hidden_size": self.hidden,
            "intermediate_size": self.feed_forward,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.heads,
            "head_dim": self.hidden // self.heads,
            "max_position_embeddings": self.context,
            "hidden_act": "silu",
            "initializer_range": 0.02,
            "rms_norm_eps": self.norm_epsilon,
            "rope_theta": self.rotary_base,
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": False,
            "use_cache": True,
            "bos_token_id": 0,
            "eos_token_id": 0,
            "torch_dtype": data_type,
        }

    @staticmethod
    def from_config(config: Dict[str, Any]) -> "ModelShape":
        """The shape that a ``config.json`` describes; ValueError where it is another kind of model."""
        if config.get("model_type") != "llama":
            raise ValueError(f"config.json describes a {config.get('model_type')!r} model: expected 'llama'")
        if config.get("num_key_value_heads", config["num_attention_heads"]) != config["num_attention_heads"]:
            raise ValueError("config.json asks for fewer key than query heads, which this recipe does not train")
        if config.get("tie_word_embeddings") or config.get("attention_bias") or config.get("mlp_bias"):
            raise ValueError("config.json asks for tied embeddings or biases, which this recipe does not train")
        return ModelShape(
            layers=config["num_hidden_layers"], hidden=config["hidden_size"], heads=config["num_attention_heads"],
            context=config["max_position_embeddings"], intermediate=config["intermediate_size"],
            vocabulary=config["vocab_size"], rotary_base=config.get("rope_theta", 10000.0),
            norm_epsilon=config["rms_norm_eps"])


def rotary_tables(shape: ModelShape) -> Tuple[Tensor, Tensor]:
    """Cosines and sines of every position, each [context, head width], the two halves of a head alike."""
    width = shape.hidden // shape.heads
    frequencies = 1.0 / (shape.rotary_base ** (torch.arange(0, width, 2, dtype=torch.float32) / width))
    angles = torch.outer(torch.arange(shape.context, dtype=torch.float32), frequencies)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turns each pair (i, i + width/2) of the last dimension by its position's angle."""
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-second, first), dim=-1) * sine


class RootMeanSquareNorm(nn.Module):
    """``x / sqrt(mean(x²) + ε) × weight``, computed in fp32."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon)
        return self.weight * (wide * scale).to(x.dtype)


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.width = shape.hidden // shape.heads
        self.q_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.o_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        batch, length, hidden = x.shape
        query, key, value = (
            projection(x).view(batch, length, self.heads, self.width).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj))
        query, key = rotate(query, cosine, sine), rotate(key, cosine, sine)
        mixed = self._attend(query, key, value, mask)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, hidden))

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
        if query.is_cuda and hasattr(functional, "scaled_dot_product_attention"):
            return functional.scaled_dot_product_attention(query, key, value.to(query.dtype), is_causal=True)
        flat = [part.reshape(-1, *part.shape[2:]) for part in (query, key, value.to(query.dtype))]
        scores = torch.baddbmm(mask.to(query.dtype), flat[0], flat[1].transpose(1, 2), alpha=self.width ** -0.5)
        return torch.bmm(scores.softmax(dim=-1), flat[2]).view_as(query)


class FeedForward(nn.Module):
    """SwiGLU: ``down(silu(gate(x)) × up(x))``."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.down_proj = nn.Linear(shape.feed_forward, shape.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    """Attention and feed-forward, each behind its norm and beside a residual path."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = FeedForward(shape)
        self.input_layernorm = RootMeanSquareNorm(shape.hidden, shape.norm_epsilon)
        self.post_attention_layernorm = RootMeanSquareNorm(shape.hidden, shape.norm_epsilon)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    """Embedding, layers and the last norm: what Hugging Face calls ``model``."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.layers))
        self.norm = RootMeanSquareNorm(shape.hidden, shape.norm_epsilon)
        cosine, sine = rotary_tables(shape)
        mask = torch.full((shape.context, shape.context), -math.inf).triu(1)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        x = self.embed_tokens(tokens)
        cosine, sine, mask = self.cosine[:length], self.sine[:length], self.mask[:length, :length]
        for layer in self.layers:
            x = layer(x, cosine, sine, mask)
        return self.norm(x)


class LanguageModel(nn.Module):
    """A causal language model. ``forward`` gives logits, or with ``targets`` the mean cross-entropy in nats a token."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Decoder(shape)
        self.lm_head = nn.Linear(shape.hidden, shape.vocabulary, bias=False)
        self.apply(self._initialise)
        for layer in self.model.layers:
            # The residual path sums 2 × layers branches: keep its variance from growing with depth.
            for projection in (layer.self_attn.o_proj, layer.mlp.down_proj):
                nn.init.normal_(projection.weight, std=0.02 / math.sqrt(2 * shape.layers))

    @staticmethod
    def _initialise(module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)

    def forward(self, tokens: Tensor, targets: Optional[Tensor] = None) -> Tensor:
        logits = self.lm_head(self.model(tokens))
        if targets is None:
            return logits
        return functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
