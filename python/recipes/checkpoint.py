"""A trained model as files: ``model.safetensors`` and ``config.json``, as Hugging Face's Llama class reads them."""
from __future__ import annotations

import json
from pathlib import Path

import torch

import safetensors
from model import LanguageModel, ModelShape


def save_model(model: LanguageModel, directory: Path) -> None:
    """Writes both files into ``directory``, which is made where need be."""
    directory.mkdir(parents=True, exist_ok=True)
    data_type = str(next(model.parameters()).dtype).replace("torch.", "")
    config = json.dumps(model.shape.to_config(data_type), indent=2)
    (directory / "config.json").write_text(config + "\n", "utf-8")
    safetensors.save(directory / "model.safetensors", model.state_dict(), {"format": "pt"})


def load_model(directory: Path) -> LanguageModel:
    """Reads what ``save_model`` wrote; ValueError or SafetensorsError says what does not fit."""
    model = LanguageModel(ModelShape.from_config(json.loads((directory / "config.json").read_text("utf-8"))))
    tensors = safetensors.load(directory / "model.safetensors")
    own = model.state_dict()
    for name in sorted(own.keys() | tensors.keys()):
        if name not in tensors or name not in own:
            raise ValueError(f"{directory}/model.safetensors {'lacks' if name in own else 'has beside the model'} '{name}'")
        if own[name].shape != tensors[name].shape:
            raise ValueError(f"{directory}/model.safetensors has '{name}' {list(tensors[name].shape)}: "
                             f"config.json asks for {list(own[name].shape)}")
    with torch.no_grad():
        model.load_state_dict(tensors)
    return model
