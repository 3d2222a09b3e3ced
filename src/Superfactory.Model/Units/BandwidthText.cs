using System.Text.Json;
using System.Text.Json.Serialization;

namespace Superfactory.Model.Units;

/// <summary>Writes a bandwidth as users do, such as <c>40mbit</c>. Safe to share between threads.</summary>
public sealed class BandwidthText : JsonConverter<Bandwidth>
{
    /// <inheritdoc/>
    /// <exception cref="JsonException">It is no bandwidth.</exception>
    public override Bandwidth Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Bandwidth.TryParse(reader.GetString(), out var bandwidth, out var problem) ? bandwidth : throw new JsonException(problem.Message);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Bandwidth value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToString());
    }
}
