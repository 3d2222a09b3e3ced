using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Superfactory.Lab.Interop;
using Superfactory.Lab.Topology;
using Superfactory.Model;
using Superfactory.Model.Units;

namespace Superfactory.Lab.Running;

/// <summary>What is kept in a file of a laboratory that is up, so that any process can find, use and remove it. Immutable.</summary>
internal sealed record LaboratoryState
{
    private static readonly JsonSerializerOptions _json = CreateJson();

    /// <summary>What it is.</summary>
    public required LabTopology Topology { get; init; }

    /// <summary>The process that set it up.</summary>
    public required ProcessIdentity Owner { get; init; }

    /// <summary>The process that carries the packets; null until it was started.</summary>
    public ProcessIdentity? Fibre { get; init; }

    /// <summary>Whether everything was set up.</summary>
    public bool IsUp { get; init; }

    /// <summary>Whether it is to go with its owner; otherwise it stays until someone takes it down.</summary>
    public bool IsHeld { get; init; }

    /// <summary>Whether nothing carries its packets any more, and it is not just coming up.</summary>
    [JsonIgnore]
    public bool IsLeftBehind => Fibre?.IsAlive != true && (IsUp || !Owner.IsAlive);

    /// <summary>How everything of the laboratory is written as JSON.</summary>
    public static JsonSerializerOptions Json => _json;

    /// <summary>The network namespace of a site.</summary>
    public string NamespaceOf(string site) => $"sf-{Topology.Name}-{site}";

    /// <summary>The network namespaces in the order of sites.</summary>
    [JsonIgnore]
    public ImmutableArray<string> Namespaces => [.. Topology.Sites.Select(NamespaceOf)];

    /// <summary>A site's address, from the range that RFC 2544 sets aside for measurements of networks: it is nobody's in the Internet.</summary>
    public IPAddress AddressOf(string site) => new([198, 18, 0, (byte)(Topology.Sites.IndexOf(site) + 1)]);

    /// <summary>
    /// The device that a link has at one of its ends: <c>to-PEER</c>, or <c>link-N</c> where that is longer than the 15 characters of a device's name.
    /// </summary>
    public static string DeviceOf(LabTopology topology, LabLink link, string site)
    {
        var name = $"to-{(link.A == site ? link.B : link.A)}";
        return name.Length <= 15 ? name : $"link-{topology.Links.IndexOf(link)}";
    }

    /// <summary>The state's file.</summary>
    public static string FileOf(string directory, string name) => Path.Combine(directory, name + ".json");

    /// <summary>The socket that the program that carries the packets listens on.</summary>
    public static string SocketOf(string directory, string name) => Path.Combine(directory, name + ".sock");

    /// <summary>The names and addresses that programs inside sites see.</summary>
    public static string HostsOf(string directory, string name) => Path.Combine(directory, name + ".hosts");

    /// <summary>What the program that carries the packets wrote before it broke down.</summary>
    public static string LogOf(string directory, string name) => Path.Combine(directory, name + ".log");

    /// <summary>Reads a state; null where there is none, or none that can be read.</summary>
    public static LaboratoryState? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<LaboratoryState>(File.ReadAllBytes(file), _json);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the state: readers see the old one or the new one.</summary>
    public void Write(string file)
    {
        var fresh = file + ".new";
        File.WriteAllBytes(fresh, ToBytes());
        File.Move(fresh, file, overwrite: true);
    }

    /// <summary>What its file holds.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, _json);

    private static JsonSerializerOptions CreateJson()
    {
        var options = new JsonSerializerOptions();
        FactoryJson.Apply(options);
        options.Converters.Add(new BandwidthConverter());
        options.Converters.Add(new TimeConverter());
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    /// <summary>Milliseconds.</summary>
    private sealed class TimeConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromTicks((long)Math.Round(reader.GetDecimal() * TimeSpan.TicksPerMillisecond));

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue((decimal)value.Ticks / TimeSpan.TicksPerMillisecond);
    }

    /// <summary>Bits in a second.</summary>
    private sealed class BandwidthConverter : JsonConverter<Bandwidth>
    {
        public override Bandwidth Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Bandwidth value, JsonSerializerOptions options) => writer.WriteNumberValue(value.BitsPerSecond);
    }
}
