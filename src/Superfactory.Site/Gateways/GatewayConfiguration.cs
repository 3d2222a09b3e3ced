using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Site.Gateways;

/// <summary>All that a site's gateway process needs to know: a JSON file. Immutable.</summary>
internal sealed record GatewayConfiguration
{
    /// <summary>How the site is set up: name, where it listens, certificates.</summary>
    public required SiteOptions Site { get; init; }

    /// <summary>The link to emulate, as a user writes it; null where links are real.</summary>
    public string? Wan { get; init; }

    /// <summary>The Unix socket at which bridges reach it.</summary>
    public required string Socket { get; init; }

    /// <summary>The Unix socket at which the site's agent reaches it.</summary>
    public required string ControlSocket { get; init; }

    /// <summary>Of a site's options and files.</summary>
    public static GatewayConfiguration Of(SiteOptions options, GatewayFiles files) => new()
    {
        // What only the agent needs is left out, so that a change of it does not end the gateway.
        Site = options with { Wan = null, ControlUrl = string.Empty, Slots = 1, Cores = null, Python = null, GatewayAdvertise = null },
        Wan = options.Wan?.ToString(),
        Socket = files.Socket,
        ControlSocket = files.ControlSocket,
    };

    /// <summary>The file as it is written: the same bytes for equal configurations.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, FactoryJson.Readable);

    /// <summary>Reads the file.</summary>
    public static Outcome<GatewayConfiguration> Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<GatewayConfiguration>(File.ReadAllBytes(path), FactoryJson.Options) is { } read
                ? new(read)
                : new([new Problem("The gateway's configuration is empty; expected a JSON object.", path)]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return new([new Problem($"The gateway's configuration cannot be read: {error.Message}", path)]);
        }
    }
}
