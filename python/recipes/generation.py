"""Text that a byte-level model writes."""
from __future__ import annotations

import torch

from model import LanguageModel

END_OF_DOCUMENT = 0
"""The token between documents."""


@torch.no_grad()
def write_text(model: LanguageModel, prompt: str, length: int, seed: int, temperature: float = 0.7) -> str:
    """``prompt`` and up to ``length`` further bytes, drawn by the model's own probabilities sharpened by ``temperature``.

    The same model, seed and machine give the same text. Bytes that are no UTF-8 show as a replacement sign.
    """
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    tokens = list(prompt.encode("utf-8"))
    for _ in range(length):
        window = torch.tensor([tokens[-model.shape.context:]], device=device)
        logits = model(window)[0, -1].float().cpu()
        probabilities = torch.softmax(logits / temperature, dim=-1)
        token = int(torch.multinomial(probabilities, 1, generator=generator))
        if token == END_OF_DOCUMENT:
            break
        tokens.append(token)
    return bytes(token for token in tokens if token < 256).decode("utf-8", "replace")
