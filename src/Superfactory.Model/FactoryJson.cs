using System.Text.Json;
using System.Text.Json.Serialization;

namespace Superfactory.Model;

/// <summary>How everything that Superfactory's parts say to each other is written as JSON: snake_case names, kebab-case enumeration values, no nulls.</summary>
public static class FactoryJson
{
    /// <summary>The version of what control plane, agents, bridges and clients say to each other. A peer of another version is refused.</summary>
    public const int ProtocolVersion = 1;

    /// <summary>One line, for the wire and for JSON lines. Safe to share between threads.</summary>
    public static JsonSerializerOptions Options { get; } = Create(indented: false);

    /// <summary>Indented, for files and terminals that people read. Safe to share between threads.</summary>
    public static JsonSerializerOptions Readable { get; } = Create(indented: true);

    /// <summary>Gives <paramref name="options"/>, the web host's for example, the same conventions.</summary>
    public static void Apply(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
    }

    private static JsonSerializerOptions Create(bool indented)
    {
        var options = new JsonSerializerOptions { WriteIndented = indented };
        Apply(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
