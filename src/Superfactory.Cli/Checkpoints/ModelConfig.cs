using System.Text.Json.Nodes;
using Superfactory.Model;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Checkpoints;

/// <summary>Writes <c>config.json</c> of an exported model. Pure.</summary>
internal static class ModelConfig
{
    private const int Vocabulary = 256;
    private const int IntermediateMultiple = 32;

    /// <summary>What the recipe's own <c>config.json</c> says; for a program of the user's own where the model comes from, since nobody else knows its shape.</summary>
    public static string Of(JobView job, CheckpointView checkpoint)
    {
        var config = job.Specification.Trainer is { } trainer ? Llama(trainer.Model) : new JsonObject();
        config["superfactory"] = new JsonObject
        {
            ["job"] = job.Id,
            ["name"] = job.Name,
            ["checkpoint"] = checkpoint.Number,
            ["round"] = checkpoint.Round,
            ["finished"] = checkpoint.Finished,
            ["tokens"] = checkpoint.Tokens,
        };
        return config.ToJsonString(FactoryJson.Readable) + "\n";
    }

    private static JsonObject Llama(ModelSpecification model) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["vocab_size"] = Vocabulary,
        ["hidden_size"] = model.Hidden,
        ["intermediate_size"] = model.Intermediate > 0 ? model.Intermediate : Intermediate(model.Hidden),
        ["num_hidden_layers"] = model.Layers,
        ["num_attention_heads"] = model.Heads,
        ["num_key_value_heads"] = model.Heads,
        ["head_dim"] = model.Hidden / model.Heads,
        ["max_position_embeddings"] = model.Context,
        ["hidden_act"] = "silu",
        ["initializer_range"] = 0.02,
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = 10000.0,
        ["attention_bias"] = false,
        ["mlp_bias"] = false,
        ["tie_word_embeddings"] = false,
        ["use_cache"] = true,
        ["bos_token_id"] = 0,
        ["eos_token_id"] = 0,
        ["torch_dtype"] = "float32",
    };

    /// <summary>8/3 of the width, rounded up to a multiple of 32.</summary>
    private static int Intermediate(int hidden) => ((hidden * 8) + (3 * IntermediateMultiple) - 1) / (3 * IntermediateMultiple) * IntermediateMultiple;
}
