using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>Reads a trainer's lines. Never throws on what they hold.</summary>
internal static class TrainerMessageReader
{
    /// <summary>The longest line in bytes: tables of some twenty thousand tensors.</summary>
    public const int LineBytesMax = 4 * 1024 * 1024;

    private static readonly JsonSerializerOptions s_options = CreateOptions();

    /// <summary>The message in a line, or what is wrong with it.</summary>
    /// <param name="line">The line without its end.</param>
    public static Outcome<TrainerMessage> Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String)
            {
                return Wrong("a line is no JSON object with a 'type'.");
            }

            var name = type.GetString();
            return name switch
            {
                "hello" => Read<TrainerMessage.Hello>(root),
                "register" => Read<TrainerMessage.Register>(root),
                "start" => Read<TrainerMessage.Start>(root),
                "data" => Read<TrainerMessage.Data>(root),
                "merge" => Read<TrainerMessage.Merge>(root),
                "waits" => Read<TrainerMessage.Waits>(root),
                "anchor" => Read<TrainerMessage.Anchor>(root),
                "followed" => Read<TrainerMessage.Followed>(root),
                "unfit" => Read<TrainerMessage.Unfit>(root),
                "state_copied" => Read<TrainerMessage.StateCopied>(root),
                "saved" => Read<TrainerMessage.Saved>(root),
                "report" => Read<TrainerMessage.Report>(root),
                "results" => Read<TrainerMessage.Results>(root),
                "finalize" => Read<TrainerMessage.Finalize>(root),
                "finish" => Read<TrainerMessage.Finish>(root),
                _ => Wrong($"the type '{Shortened(name!)}' is unknown."),
            };
        }
        catch (JsonException error)
        {
            return Wrong(error.Message);
        }
    }

    private static Outcome<TrainerMessage> Read<T>(JsonElement root)
        where T : TrainerMessage =>
        root.Deserialize<T>(s_options) is { } message ? new(message) : Wrong("a message is null.");

    private static Outcome<TrainerMessage> Wrong(string reason) =>
        new([new Problem($"The bridge cannot read what the trainer sent: {reason} Use the client that belongs to this version.")]);

    private static string Shortened(string text) => text.Length <= 64 ? text : text[..64] + "…";

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions(FactoryJson.Options)
        {
            RespectRequiredConstructorParameters = true,
            RespectNullableAnnotations = true,
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
