using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Checkpoints;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Checkpoints;

/// <summary>
/// Writes checkpoints: into a directory of a passing name, each part put on the disk, the manifest last, then the directory is given its own
/// name. So a checkpoint is there whole or not at all, whatever ends in between.
/// </summary>
/// <param name="root">The site's directory of checkpoints; those of a job are in a directory of its number.</param>
/// <param name="job">The job.</param>
/// <param name="island">The island that writes.</param>
internal sealed class CheckpointWriter(string root, long job, string island)
{
    /// <summary>What the directory of an unfinished checkpoint begins with.</summary>
    public const string PartialPrefix = ".partial-";

    private string Partial => Path.Combine(JobDirectory, PartialPrefix + island);

    private string JobDirectory => Path.Combine(root, job.ToString(CultureInfo.InvariantCulture));

    /// <summary>Deletes what an earlier writer of this job left unfinished.</summary>
    public void Sweep()
    {
        if (Directory.Exists(JobDirectory))
        {
            foreach (var left in Directory.EnumerateDirectories(JobDirectory, PartialPrefix + "*").ToList())
            {
                Directory.Delete(left, recursive: true);
            }
        }
    }

    /// <summary>Writes a checkpoint. What stands in the way is a problem, and then nothing of it is left.</summary>
    /// <param name="state">What it holds; must not change meanwhile.</param>
    /// <param name="held">Whether the job was told to save and stop.</param>
    public Outcome<CheckpointReport> Write(CheckpointState state, bool held)
    {
        try
        {
            Directory.CreateDirectory(Partial);
            return new(Finish(CheckpointManifest.Of(state, job, island, held, WriteParts(Partial, state, lane: null))));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Failed(state.Round, error.Message);
        }
    }

    /// <summary>Writes what one lane has of a checkpoint, among what the others write: <see cref="Join"/> makes a checkpoint of them, or deletes them.</summary>
    /// <param name="state">What it holds; must not change meanwhile.</param>
    /// <param name="held">Whether the job was told to save and stop.</param>
    /// <param name="lane">The lane.</param>
    /// <returns>What was written, or what stands in the way.</returns>
    public Outcome<CheckpointManifest> WriteLane(CheckpointState state, bool held, int lane)
    {
        try
        {
            Directory.CreateDirectory(Partial);
            var manifest = CheckpointManifest.Of(state, job, island, held, WriteParts(Partial, state, lane));
            DurableFiles.Write(Path.Combine(Partial, LaneFile(lane)), JsonSerializer.SerializeToUtf8Bytes(manifest, FactoryJson.Options));
            return new(manifest);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new([new Problem($"lane {lane}: {error.Message}")]);
        }
    }

    /// <summary>Makes a checkpoint of what all lanes wrote; a problem leaves nothing of it.</summary>
    /// <param name="round">The round that they cut.</param>
    /// <param name="lanes">How many there are.</param>
    /// <param name="failure">Why it cannot be; null where all lanes wrote their parts.</param>
    public Outcome<CheckpointReport> Join(long round, int lanes, string? failure)
    {
        try
        {
            var parts = failure is null ? Enumerable.Range(0, lanes).Select(ReadLane).ToList() : [];
            failure ??= parts.Any(part => part.Round != round) ? "its lanes wrote different rounds" : null;
            return failure is null ? new(Finish(CheckpointManifest.Join(parts))) : Failed(round, failure);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return Failed(round, error.Message);
        }
    }

    private static string LaneFile(int lane) => CheckpointManifest.FileOf(CheckpointManifest.FileName, lane);

    private CheckpointManifest ReadLane(int lane)
    {
        var file = Path.Combine(Partial, LaneFile(lane));
        var read = JsonSerializer.Deserialize<CheckpointManifest>(File.ReadAllBytes(file), FactoryJson.Options);
        File.Delete(file);
        return read ?? throw new JsonException($"Lane {lane} wrote no manifest.");
    }

    private CheckpointReport Finish(CheckpointManifest manifest)
    {
        var bytes = manifest.ToBytes();
        DurableFiles.Write(Path.Combine(Partial, CheckpointManifest.FileName), bytes);
        DurableFiles.FlushDirectory(Partial);
        var seal = CheckpointManifest.Seal(bytes);
        return CheckpointFolder.Report(manifest, seal, Place(Partial, CheckpointManifest.NameOf(manifest.Round, seal)));
    }

    private Outcome<CheckpointReport> Failed(long round, string why) =>
        new([new Problem($"Island {island} could not write the checkpoint after round {round}: {why.TrimEnd('.')}.{Clear(Partial)}")]);

    private string Place(string partial, string name)
    {
        var final = Path.Combine(JobDirectory, name);
        if (Directory.Exists(final))
        {
            // The same bytes were written before this island was started again; or something else stands there, and is in the way.
            Directory.Delete(final, recursive: true);
        }

        Directory.Move(partial, final);
        DurableFiles.FlushDirectory(JobDirectory);
        return final;
    }

    private static ImmutableArray<CheckpointPart> WriteParts(string directory, CheckpointState state, int? lane)
    {
        var parts = ImmutableArray.CreateBuilder<CheckpointPart>();
        string Name(string file) => CheckpointManifest.FileOf(file, lane);
        Add(parts, directory, Name(CheckpointManifest.HistoryFile), state.History);
        if (!state.Parameters.IsEmpty)
        {
            Add(parts, directory, Name(CheckpointManifest.ParametersFile), CheckpointTensors.HeaderOfParameters(state.Tensors), new FloatBytes(state.Parameters).Memory);
        }

        if (!state.Momentum.IsEmpty)
        {
            Add(parts, directory, Name(CheckpointManifest.MomentumFile), CheckpointTensors.HeaderOfParameters(state.Tensors), new FloatBytes(state.Momentum).Memory);
        }

        if (!state.Statics.IsEmpty)
        {
            Add(parts, directory, Name(CheckpointManifest.StaticsFile), CheckpointTensors.HeaderOfStatics(state.Tensors), state.Statics);
        }

        if (!state.Trainer.IsEmpty)
        {
            Add(parts, directory, Name(CheckpointManifest.TrainerFile), state.Trainer);
        }

        return parts.DrainToImmutable();
    }

    private static void Add(ImmutableArray<CheckpointPart>.Builder parts, string directory, string file, params ReadOnlySpan<ReadOnlyMemory<byte>> pieces)
    {
        var (bytes, hash) = DurableFiles.Write(Path.Combine(directory, file), pieces);
        parts.Add(new CheckpointPart(file, bytes, hash));
    }

    private static string Clear(string partial)
    {
        try
        {
            Directory.Delete(partial, recursive: true);
            return string.Empty;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $" What was written of it could not be deleted: {error.Message}";
        }
    }
}
