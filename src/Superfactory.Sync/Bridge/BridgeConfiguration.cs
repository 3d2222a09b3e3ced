using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Bridge.Peers.Direct;

namespace Superfactory.Sync.Bridge;

/// <summary>What a bridge is told at its start: a JSON file written with <see cref="FactoryJson.Readable"/> or <see cref="FactoryJson.Options"/>. Immutable.</summary>
public sealed record BridgeConfiguration
{
    /// <summary>The longest path of a Unix socket in bytes, one less than the kernel's field, which ends in a zero byte.</summary>
    public const int SocketPathBytesMax = 107;

    /// <summary>The job, and with it the run; from 1.</summary>
    public required long Job { get; init; }

    /// <summary>This island's name: its site. One of the epoch's islands.</summary>
    public required string Island { get; init; }

    /// <summary>Which start of this island this is; 0 takes the one that the epoch names.</summary>
    public int Incarnation { get; init; }

    /// <summary>Who is a member of the run at the start.</summary>
    public required RunEpoch Epoch { get; init; }

    /// <summary>The job as submitted.</summary>
    public required JobSpecification Specification { get; init; }

    /// <summary>The lane of the model that it merges, from 0; the run has as many as <see cref="JobSpecification.Lanes"/> names.</summary>
    public int Lane { get; init; }

    /// <summary>The Unix socket that the bridge makes and its trainer connects to.</summary>
    public required string TrainerSocket { get; init; }

    /// <summary>The Unix socket of the site's gateway; not used with <see cref="Direct"/>.</summary>
    public required string GatewaySocket { get; init; }

    /// <summary>Reaches the other bridges without gateways, on one machine alone; null goes through the site's gateway.</summary>
    public DirectPeers? Direct { get; init; }

    /// <summary>Where shared memory and state files are made: a directory in memory, <c>/dev/shm</c> where there is one.</summary>
    public required string ArenaDirectory { get; init; }

    /// <summary>The gang's own directory.</summary>
    public required string GangDirectory { get; init; }

    /// <summary>What is wanted of checkpoints; null wants none.</summary>
    public CheckpointDuty? Checkpoints { get; init; }

    /// <summary>This island's place among the job's islands, from 0; -1 where it is none.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Index => IndexOf(Epoch, Island);

    /// <summary>Reads and checks the file; every problem names it.</summary>
    public static Outcome<BridgeConfiguration> Load(string path)
    {
        BridgeConfiguration? read;
        try
        {
            read = JsonSerializer.Deserialize<BridgeConfiguration>(File.ReadAllBytes(path), FactoryJson.Options);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return new([new Problem($"The bridge's configuration cannot be read: {error.Message}", path)]);
        }

        if (read is null)
        {
            return new([new Problem("The bridge's configuration is empty; expected a JSON object.", path)]);
        }

        var problems = read.Check().Select(problem => problem with { File = path }).ToArray();
        return problems.Length == 0 ? new(read) : new([.. problems]);
    }

    /// <summary>The place of an island among the islands of an epoch's job, from 0; -1 where it is none.</summary>
    internal static int IndexOf(RunEpoch epoch, string island) => epoch.Roster.IndexOf(island);

    private IEnumerable<Problem> Check()
    {
        if (Lane < 0 || Lane >= Specification.LaneCount)
        {
            yield return new Problem($"The job has {Specification.LaneCount} lanes, and lane {Lane} is none of them.", Field: "lane");
        }

        if (Epoch.Members.IsDefaultOrEmpty || Index < 0)
        {
            yield return new Problem($"Island '{Island}' is none of the islands of epoch {Epoch.Number}.", Field: "island");
        }

        foreach (var (field, path) in new[] { ("trainer_socket", TrainerSocket), ("gateway_socket", GatewaySocket) })
        {
            if (System.Text.Encoding.UTF8.GetByteCount(path) > SocketPathBytesMax)
            {
                yield return new Problem(
                    $"The socket path '{path}' is longer than the {SocketPathBytesMax} bytes that the system allows.", Field: field,
                    Hint: "Use a state directory with a shorter path.");
            }
        }

        foreach (var (field, path) in new[] { ("arena_directory", ArenaDirectory), ("gang_directory", GangDirectory), ("direct.directory", Direct?.Directory) })
        {
            if (path is not null && !Directory.Exists(path))
            {
                yield return new Problem($"There is no directory '{path}'.", Field: field);
            }
        }
    }
}
