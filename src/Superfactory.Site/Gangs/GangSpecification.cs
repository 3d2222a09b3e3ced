using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge.Checkpoints;

namespace Superfactory.Site.Gangs;

/// <summary>All that a gang's supervisor needs to know: a JSON file written with <see cref="FactoryJson.Readable"/>. Immutable.</summary>
public sealed record GangSpecification
{
    /// <summary>The island to run, and its run's first epoch here.</summary>
    public required GangAssignment Assignment { get; init; }

    /// <summary>The gang's own directory, which exists: its files, and the working directory of its trainers.</summary>
    public required string GangDirectory { get; init; }

    /// <summary>A directory in memory for sockets and shared memory, which exists; it is deleted when the gang ends.</summary>
    public required string RuntimeDirectory { get; init; }

    /// <summary>Where trainers save what is to stay, which exists.</summary>
    public required string OutputDirectory { get; init; }

    /// <summary>The job's corpus at this site; null where the job names none.</summary>
    public string? CorpusDirectory { get; init; }

    /// <summary>What the bridge is told of checkpoints; null wants none.</summary>
    public CheckpointDuty? Checkpoints { get; init; }

    /// <summary>The Unix socket of the site's gateway.</summary>
    public required string GatewaySocket { get; init; }

    /// <summary>The Python that trainers run with; null looks for one that has torch, as <see cref="PythonLocator"/> does.</summary>
    public string? Python { get; init; }

    /// <summary>The project's <c>python</c> directory, which holds the client and the recipes.</summary>
    public required string PythonDirectory { get; init; }

    /// <summary>Cores that the gang's trainers share; from 1.</summary>
    public required int Cores { get; init; }

    /// <summary>How long the gang goes on without an agent before it ends itself, in seconds; 0, the default, ends it with the agent.</summary>
    public double OrphanGraceSeconds { get; init; }

    /// <summary>When the gang ends itself unless it is told of a later time, as a time stamp of this machine's monotonic clock; null for never.</summary>
    public long? LeaseUntil { get; init; }

    /// <summary>How to start <c>superfactory</c>, for the bridge.</summary>
    public required SelfCommand Self { get; init; }

    /// <summary>Reads the file; every problem names it.</summary>
    public static Outcome<GangSpecification> Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<GangSpecification>(File.ReadAllBytes(path), FactoryJson.Options) is { } read
                ? new(read)
                : new([new Problem("The gang's specification is empty; expected a JSON object.", path)]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return new([new Problem($"The gang's specification cannot be read: {error.Message}", path)]);
        }
    }

    /// <summary>Writes the file, replacing what was there.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, FactoryJson.Readable));
}
